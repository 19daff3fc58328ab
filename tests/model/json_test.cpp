// SPDX-License-Identifier: Apache-2.0
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using cp::model::Json;
using cp::model::parse_json;

TEST_CASE("what I-JSON does not allow is refused") {
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "}",
                                 "{\"a\":1}x",
                                 "[1,]",
                                 "{\"a\":1,\"a\":2}",
                                 "{\"a\":{\"b\":1,\"b\":1}}",
                                 "9007199254740993",
                                 "18446744073709551617",
                                 "-9007199254740993",
                                 "1e999",
                                 "01",
                                 "+1",
                                 ".5",
                                 "NaN",
                                 "'a'",
                                 "\"\xff\"",
                                 "\"\xed\xa0\x80\"",
                                 "\"\\ud800\"",
                                 "\"a\nb\"",
                                 "nul",
                                 "{\"a\" 1}"}) {
    CAPTURE(text);
    const auto parsed = parse_json(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == cp::Errc::bad_data);
  }
}

TEST_CASE("limits hold for depth, strings and size") {
  CHECK(parse_json(std::string(64, '[') + std::string(64, ']')));
  CHECK_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
  CHECK(parse_json('"' + std::string(65'536, 'x') + '"'));
  CHECK_FALSE(parse_json('"' + std::string(65'537, 'x') + '"'));
  CHECK_FALSE(parse_json(std::string(1'048'577, ' ')));
}

TEST_CASE("an object has 10,000 members at most") {
  std::string many = "{";
  for (int i = 0; i < 10'001; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  CHECK_FALSE(parse_json(many + "}"));
}

TEST_CASE("a number is an integer when its value is, however it is written") {
  CHECK(parse_json("1.7e+18")->is_number_integer());
  CHECK(parse_json("1.0")->dump() == "1");
  CHECK(parse_json("-0.0")->get<double>() == 0);
  CHECK(parse_json("9007199254740992")->get<std::int64_t>() == 9007199254740992);
  CHECK(parse_json("9223372036854775808")->is_number());
  CHECK(parse_json("0.5")->is_number_float());
}

TEST_CASE("members keep their order and unknown ones stay") {
  constexpr std::string_view text =
      R"({"schema":"cp.x/1","z":1,"a":{"q":null,"b":[1,"two",true]}})";
  CHECK(cp::model::to_line(*parse_json(text)) == text);
}

TEST_CASE("what is absent, null or of another type is no value") {
  const auto document =
      parse_json(R"({"a":{"b":{"c":1.5,"t":"x","n":null,"m":{"amount":"14.50","currency":"CNY"},
                                      "bad":{"amount":"1e3","currency":"CNY"},"when":"2026-11-22T08:00:00Z"}}})");
  REQUIRE(document);
  CHECK(cp::model::number_at(*document, "a.b.c") == 1.5);
  CHECK_FALSE(cp::model::int_at(*document, "a.b.c"));
  CHECK_FALSE(cp::model::number_at(*document, "a.b.t"));
  CHECK_FALSE(cp::model::text_at(*document, "a.b.n"));
  CHECK_FALSE(cp::model::text_at(*document, "a.b.t.x"));
  CHECK_FALSE(cp::model::find(*document, "a.x.c"));
  CHECK(cp::model::money_at(*document, "a.b.m")->to_string() == "14.50 CNY");
  CHECK_FALSE(cp::model::money_at(*document, "a.b.bad"));
  CHECK(cp::model::time_at(*document, "a.b.when"));
  CHECK_FALSE(cp::model::time_at(*document, "a.b.t"));
}

TEST_CASE("bytes that are no UTF-8 end no tool, wherever they come to stand") {
  CHECK(cp::model::to_line(Json{{"why", "caf\xe9"}}) == "{\"why\":\"caf\xef\xbf\xbd\"}");
  const auto refused = parse_json("{\"\xff\":1}");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Matchers::Contains("ill-formed UTF-8 byte") &&
                                          Catch::Matchers::Contains("\\xff"));
}

TEST_CASE("a text that is not UTF-8 travels as base64") {
  CHECK(cp::model::text_value("caf\xc3\xa9").dump() == "\"caf\xc3\xa9\"");
  CHECK(cp::model::text_value("\xff/x").dump() == R"({"base64":"/y94"})");
  CHECK(cp::model::text_of(cp::model::text_value("\xff/x")) == "\xff/x");
  CHECK_FALSE(cp::model::text_of(Json{{"base64", "!"}}));
}

TEST_CASE("a number in a path picks an element of an array") {
  const Json document = *parse_json(R"({"a":[{"b":1},{"b":[7,null]}],"0":5})");
  CHECK(cp::model::int_at(document, "a.1.b.0") == 7);
  CHECK(cp::model::int_at(document, "0") == 5);
  for (const std::string_view path :
       {"a.2", "a.-1", "a.b", "a.1.b.1", "a.0.b.0", "a.", "a.99999999999999999999"}) {
    CAPTURE(path);
    CHECK_FALSE(cp::model::find(document, path));
  }
}
