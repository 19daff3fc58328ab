// SPDX-License-Identifier: Apache-2.0
#include "market/countries.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cp::market {
namespace {

struct Country {
  std::string_view name;
  std::string_view code;
};

// Spelt out, since clang deduces no array of more than 256.
constexpr auto kCountries = std::to_array<Country>({
#include "market/countries.inc"
});

}  // namespace

std::optional<std::string_view> country_code(std::string_view name) {
  name = text::trim(name);
  const auto found = std::find_if(kCountries.begin(), kCountries.end(), [&](const Country& known) {
    return text::equal_ignoring_case(known.name, name) ||
           text::equal_ignoring_case(known.code, name);
  });
  return found == kCountries.end() ? std::nullopt : std::optional(found->code);
}

}  // namespace cp::market
