// SPDX-License-Identifier: Apache-2.0
#include "market/countries.hpp"

#include "catch.hpp"

using cp::market::country_code;

TEST_CASE("a country has one code, however a catalog calls it") {
  const auto [name, code] = GENERATE(table<std::string_view, std::string_view>({
      {"United States", "US"},
      {"USA", "US"},
      {"united states of america", "US"},
      {"US", "US"},
      {" China ", "CN"},
      {"South Korea", "KR"},
      {"Russia", "RU"},
      {"Czechia", "CZ"},
      {"Czech Republic", "CZ"},
      {"Taiwan", "TW"},
      {"Turkey", "TR"},
      {"Vietnam", "VN"},
      {"United Kingdom", "GB"},
      {"fr", "FR"},
  }));
  CAPTURE(name);
  CHECK(country_code(name) == code);
}

TEST_CASE("what is no country has no code") {
  CHECK_FALSE(country_code("Atlantis"));
  CHECK_FALSE(country_code(""));
  CHECK_FALSE(country_code("XX"));
}
