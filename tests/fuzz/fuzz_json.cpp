// SPDX-License-Identifier: Apache-2.0
// JSON and its canonical form: what is taken has one form, whose form is itself and whose value is
// the same.
#include "fuzz.hpp"
#include "identity/canonical.hpp"
#include "model/plain_json.hpp"

#include <nlohmann/json.hpp>

#include <string>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plain = cp::model::parse_plain(text_of(data, size));
  const auto thorough = cp::model::parse_thoroughly(text_of(data, size), {});
  must(
      !plain || (thorough && *plain == *thorough && cp::model::to_line(*plain) == thorough->dump()),
      "what is read fast is what is read thoroughly");
  const auto value = cp::model::parse_json(text_of(data, size));
  if (!value) {
    must(value.error().code == cp::Errc::bad_data, "what is refused is bad data");
    return 0;
  }
  const auto form = cp::identity::canonical(*value);
  must(form.has_value(), "what was taken has a canonical form");
  const auto again = cp::model::parse_json(*form);
  must(again.has_value(), "the canonical form is JSON");
  must(cp::identity::canonical(*again) == *form, "the canonical form is its own");
  const auto line = cp::model::parse_json(cp::model::to_line(*value));
  must(line && *line == *value, "what is written on a line is what was read");
  return 0;
}
