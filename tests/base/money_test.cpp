// SPDX-License-Identifier: Apache-2.0
#include "base/money.hpp"

#include "catch.hpp"
#include <string_view>

using cp::Decimal;
using cp::Money;

TEST_CASE("what is not a decimal number is refused") {
  for (const std::string_view text : {"", "-", ".5", "5.", "1e3", "1,5", " 1", "0x10",
                                      "1.0000000001", "123456789012345678901", "NaN", "--1"}) {
    CAPTURE(text);
    CHECK_FALSE(Decimal::parse(text));
  }
}

TEST_CASE("a decimal is printed as it was counted") {
  CHECK(Decimal::parse("14.5")->to_string() == "14.50");
  CHECK(Decimal::parse("0.0035")->to_string() == "0.0035");
  CHECK(Decimal::parse("-0.001")->to_string() == "-0.001");
  CHECK(Decimal::from_int(116).to_string() == "116.00");
  CHECK((*Decimal::parse("0.1") + *Decimal::parse("0.2")) == *Decimal::parse("0.3"));
  CHECK(Decimal::parse("10")->times(1, 3).to_string() == "3.333333333");
  CHECK(Decimal::parse("2.345")->rounded(2).to_string() == "2.35");
}

TEST_CASE("money needs a currency from the literal or the configuration") {
  CHECK(Money::parse("15CNY")->to_string() == "15.00 CNY");
  CHECK(Money::parse("USD 2.5")->currency == "USD");
  CHECK(Money::parse("3", "EUR")->currency == "EUR");
  REQUIRE_FALSE(Money::parse("3"));
  CHECK(Money::parse("3").error().code == cp::Errc::usage);
}
