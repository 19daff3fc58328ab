// SPDX-License-Identifier: Apache-2.0
#include "identity/canonical.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <bit>
#include <cstdint>
#include <limits>
#include <string>

using cp::identity::canonical;
using cp::model::Json;

namespace {

std::string form_of(std::string_view text) {
  const auto value = cp::model::parse_json(text);
  REQUIRE(value);
  return canonical(*value).value();
}

}  // namespace

TEST_CASE("what I-JSON does not have has no canonical form") {
  CHECK_FALSE(canonical(Json(std::numeric_limits<double>::quiet_NaN())));
  CHECK_FALSE(canonical(Json(std::numeric_limits<double>::infinity())));
  CHECK_FALSE(canonical(Json(std::int64_t{9007199254740993})));
  CHECK_FALSE(canonical(Json(std::numeric_limits<std::int64_t>::max())));
  CHECK_FALSE(canonical(Json(std::numeric_limits<std::uint64_t>::max())));
  CHECK_FALSE(canonical(Json("\xC3\x28")));
  CHECK_FALSE(canonical(Json("\xED\xA0\x80")));  // a lone surrogate
  CHECK_FALSE(canonical(Json{{"a", Json::array({1, Json{{"\xFF", 1}}})}}));
}

TEST_CASE("numbers are printed as RFC 8785 appendix B has them") {
  struct Row {
    std::uint64_t bits;
    const char* text;
  };
  for (const Row& row : {Row{0x0000000000000000, "0"},
                         Row{0x8000000000000000, "0"},
                         Row{0x0000000000000001, "5e-324"},
                         Row{0x8000000000000001, "-5e-324"},
                         Row{0x7fefffffffffffff, "1.7976931348623157e+308"},
                         Row{0xffefffffffffffff, "-1.7976931348623157e+308"},
                         Row{0x4340000000000000, "9007199254740992"},
                         Row{0xc340000000000000, "-9007199254740992"},
                         Row{0x4430000000000000, "295147905179352830000"},
                         Row{0x44b52d02c7e14af5, "9.999999999999997e+22"},
                         Row{0x44b52d02c7e14af6, "1e+23"},
                         Row{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                         Row{0x444b1ae4d6e2ef4e, "999999999999999700000"},
                         Row{0x444b1ae4d6e2ef4f, "999999999999999900000"},
                         Row{0x444b1ae4d6e2ef50, "1e+21"},
                         Row{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                         Row{0x3eb0c6f7a0b5ed8d, "0.000001"},
                         Row{0x41b3de4355555553, "333333333.3333332"},
                         Row{0x41b3de4355555554, "333333333.33333325"},
                         Row{0x41b3de4355555555, "333333333.3333333"},
                         Row{0x41b3de4355555556, "333333333.3333334"},
                         Row{0x41b3de4355555557, "333333333.33333343"},
                         Row{0xbecbf647612f3696, "-0.0000033333333333333333"},
                         Row{0x43143ff3c1cb0959, "1424953923781206.2"}}) {
    CHECK(canonical(Json(std::bit_cast<double>(row.bits))).value() == row.text);
  }
}

TEST_CASE("the examples of RFC 8785 section 3.2 come out byte for byte") {
  CHECK(form_of(R"({"numbers": [333333333.33333329, 1E30, 4.50, 2e-3,
                                0.000000000000000000000000001],
                    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                    "literals": [null, true, false]})") ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  CHECK(form_of(R"({"\u20ac": "Euro Sign", "\r": "Carriage Return",
                    "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
                    "\u00f6": "Latin Small Letter O With Diaeresis"})") ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
        "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
        "\"😀\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST_CASE("one value has one form, however it was written") {
  CHECK(form_of("{\"b\":1.0,\"a\":{\"z\":1e2,\"y\":[]},\"\":-0.0}") ==
        R"({"":0,"a":{"y":[],"z":100},"b":1})");
  CHECK(form_of("{\"a\":{\"y\":[ ],\"z\":100},\n\"b\":1, \"\":0}") ==
        R"({"":0,"a":{"y":[],"z":100},"b":1})");
  CHECK(form_of("{\"ab\":1,\"a\":2,\"a\\u0000\":3}") == R"({"a":2,"a\u0000":3,"ab":1})");
  CHECK(form_of(R"("\b\t\n\f\r\u0001\u007f\u2028")") ==
        "\"\\b\\t\\n\\f\\r\\u0001\x7F\xE2\x80\xA8\"");
}
