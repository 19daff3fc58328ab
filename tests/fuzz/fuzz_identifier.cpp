// SPDX-License-Identifier: Apache-2.0
// Identifiers, locations, aliases and prefixes: what is taken has one canonical form, which is
// taken again, and whose parts make it again.
#include "fuzz.hpp"
#include "identity/identifier.hpp"
#include "identity/suggest.hpp"

#include <string>

using namespace cp::identity;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto parsed = Identifier::parse(text);
  must(parsed.has_value() == (flaw_in(text) == Flaw::none), "a flaw is what parse refuses");
  if (parsed) {
    must(Identifier::parse(parsed->text()) == *parsed, "the canonical form is its own");
    must(Identifier::make(parsed->prefix(), parsed->serial()) == *parsed, "its parts make it");
    must(is_prefix(parsed->prefix()), "its prefix is one");
  } else if (size < 40) {
    for (const Identifier& id : suggestions(text)) {
      must(flaw_in(id.text()) == Flaw::none, "a suggestion is an identifier");
    }
  }
  const auto location = parse_location(text);
  must(!parsed || (location && location->resource == *parsed), "an identifier is a location");
  (void)is_alias(text);
  must(!is_prefix(text) || is_within(text, text), "a prefix lies within itself");
  return 0;
}
