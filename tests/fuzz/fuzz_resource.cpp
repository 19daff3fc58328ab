// SPDX-License-Identifier: Apache-2.0
// A cp.resource on a line: what the quick way takes, the thorough way takes, too, and makes the
// same rows of it.
#include "fuzz.hpp"
#include "market/plain_resource.hpp"
#include "market/resource_rows.hpp"
#include "market/row_text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static cp::market::PlainResources plain;
  const std::string_view line = text_of(data, size);
  const auto quick = plain.read(line);
  if (quick.rows.empty()) {
    return 0;
  }
  auto json = cp::model::parse_json(line);
  must(json.has_value(), "what is read the quick way is JSON");
  const auto thorough = cp::market::rows_of(*json);
  must(thorough.faults.empty(), "it breaks no rule");
  must(thorough.rows.size() == quick.rows.size(), "it has as many rows");
  for (std::size_t i = 0; i < quick.rows.size(); ++i) {
    must(text_of_row(quick.rows[i]) == text_of_row(thorough.rows[i]), "they say the same");
  }
  return 0;
}
