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

TEST_CASE("an amount as large as the type holds is still counted exactly") {
  const Decimal large = *Decimal::parse("99999999999999999999.999999999");
  CHECK(large.times(3'600'000'000'000, 3'600'000'000'000) == large);
  CHECK(large.times(2, 4).to_string() == "50000000000000000000.00");
  CHECK(Decimal::parse("-7")->times(1, 2).to_string() == "-3.50");
  CHECK(Decimal::parse("-10")->times(1, 3).to_string() == "-3.333333333");
  CHECK(Decimal::parse("-20")->times(1, 3).to_string() == "-6.666666667");
  CHECK(Decimal::parse("14.5")->times(14'400'000'000'000, 3'600'000'000'000).to_string() ==
        "58.00");
}

TEST_CASE("past what the type holds an amount stays at the end of its range") {
  const Decimal large = *Decimal::parse("99999999999999999999");
  const Decimal huge = large.times(INT64_MAX);
  CHECK(huge > large);
  CHECK(huge + huge == huge);
  CHECK(large.times(-INT64_MAX) - huge < Decimal::from_int(0));
  CHECK(huge.rounded(2) > large);
}

TEST_CASE("what is no money is refused") {
  for (const std::string_view text :
       {"", "CNY", "15 cny", "15C", "15CNYX", "CNY15USD", "1e3CNY", "15 CN", "CNY -", "15,00CNY",
        "\xC2\xA5"
        "15"}) {
    CAPTURE(text);
    const auto money = Money::parse(text, "CNY");
    REQUIRE_FALSE(money);
    CHECK(money.error().code == cp::Errc::usage);
  }
}
