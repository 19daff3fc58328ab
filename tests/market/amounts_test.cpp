// SPDX-License-Identifier: Apache-2.0
#include "market/amounts.hpp"

#include "catch.hpp"
#include <string>
#include <string_view>

using cp::market::parse_amount;
using cp::market::parse_price;
using cp::market::Price;

namespace {

struct Case {
  std::string_view text;
  Price::Flaw flaw;
  std::int64_t nanos = 0;
};

}  // namespace

TEST_CASE("a price is taken exactly or not at all") {
  const auto given = GENERATE(values<Case>({
      {"", Price::Flaw::not_a_price},
      {".", Price::Flaw::not_a_price},
      {"NaN", Price::Flaw::not_a_price},
      {"nan", Price::Flaw::not_a_price},
      {"inf", Price::Flaw::not_a_price},
      {"1,5", Price::Flaw::not_a_price},
      {"1.5 ", Price::Flaw::not_a_price},
      {"$1", Price::Flaw::not_a_price},
      {"0x10", Price::Flaw::not_a_price},
      {"1e", Price::Flaw::not_a_price},
      {"1e400", Price::Flaw::not_a_price},
      {"9000000001", Price::Flaw::not_a_price},
      {"99999999999999999999999999", Price::Flaw::not_a_price},
      {"--1", Price::Flaw::not_a_price},
      {"-0.5", Price::Flaw::negative},
      {"-0", Price::Flaw::zero},
      {"0.00", Price::Flaw::zero},
      {"700.0", Price::Flaw::sentinel},
      {"9999", Price::Flaw::sentinel},
      {"999999.0", Price::Flaw::sentinel},
      {"0.1", Price::Flaw::none, 100'000'000},
      {"14.5", Price::Flaw::none, 14'500'000'000},
      {".5", Price::Flaw::none, 500'000'000},
      {"5.", Price::Flaw::none, 5'000'000'000},
      {"5e-05", Price::Flaw::none, 50'000},
      {"1.5E+1", Price::Flaw::none, 15'000'000'000},
      {"0.123456789", Price::Flaw::none, 123'456'789},
      {"9999.5", Price::Flaw::none, 9'999'500'000'000},
      {"0.30000000000000004", Price::Flaw::rounded, 300'000'000},
      {"0.1234567895", Price::Flaw::rounded, 123'456'790},
  }));
  CAPTURE(given.text);
  const Price price = parse_price(given.text);
  CHECK(price.flaw == given.flaw);
  CHECK((price.flaw != Price::Flaw::none && price.flaw != Price::Flaw::rounded ? 0 : price.nanos) ==
        given.nanos);
}

TEST_CASE("a text of a thousand digits costs no more than a word") {
  CHECK(parse_price(std::string(100'000, '1')).flaw == Price::Flaw::not_a_price);
  CHECK(parse_price("0." + std::string(100'000, '0') + "1").flaw == Price::Flaw::not_a_price);
}

TEST_CASE("an amount is finite and not negative") {
  for (const std::string_view text : {"", "-1", "nan", "inf", "1e999", "12x", " 1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_amount(text));
  }
  CHECK(parse_amount("4.0") == 4);
  CHECK(parse_amount("0.167") == 0.167);
}

TEST_CASE("billionths and decimals are the same money") {
  for (const std::string_view text : {"0.00", "14.50", "0.000000001", "8999999999.999999999"}) {
    const auto amount = *cp::Decimal::parse(text);
    const auto nanos = cp::market::to_nanos(amount);
    REQUIRE(nanos);
    CHECK(cp::market::to_decimal(*nanos) == amount);
  }
  CHECK_FALSE(cp::market::to_nanos(*cp::Decimal::parse("-1")));
  CHECK_FALSE(cp::market::to_nanos(*cp::Decimal::parse("9000000001")));
}

TEST_CASE("nothing but nines stands for unknown") {
  CHECK(cp::market::is_sentinel(9999));
  CHECK(cp::market::is_sentinel(999999999));
  CHECK_FALSE(cp::market::is_sentinel(99));
  CHECK_FALSE(cp::market::is_sentinel(9998));
  CHECK_FALSE(cp::market::is_sentinel(0));
}
