// SPDX-License-Identifier: Apache-2.0
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>
#include <string_view>

using cp::model::parse_json;

TEST_CASE("an integer that is not its own binary64 value is refused") {
  for (const std::string_view text :
       {"9007199254740993", "-9007199254740993", "9223372036854775807", "18446744073709551615",
        "12345678901234567890123", "100000000000000000001", "-100000000000000000001"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json(text));
  }
  CHECK_FALSE(parse_json("1" + std::string(400, '0')));
  CHECK_FALSE(parse_json("1e400"));
}

TEST_CASE("an integer that is its own binary64 value is taken, however large") {
  CHECK(parse_json("9007199254740992")->get<double>() == 0x1p53);
  CHECK(parse_json("9223372036854775808")->get<double>() == 0x1p63);
  CHECK(parse_json("100000000000000000000")->get<double>() == 1e20);
  CHECK(parse_json("-100000000000000000000")->get<double>() == -1e20);
  CHECK(parse_json("1e21")->get<double>() == 1e21);
}

TEST_CASE("a number whose value is whole is an integer") {
  for (const std::string_view text :
       {"1700000000000000000", "1.7e+18", "1.7E18", "1700000000000000000.0"}) {
    CAPTURE(text);
    CHECK(parse_json(text)->is_number_integer());
    CHECK(parse_json(text)->get<std::int64_t>() == 1'700'000'000'000'000'000);
  }
}
