// SPDX-License-Identifier: Apache-2.0
#include "model/plain_json.hpp"

#include "model/json_reader.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <fstream>
#include <string>
#include <vector>

using cp::model::Json;
using cp::model::parse_plain;

namespace {

// The value and the type of each number: 1, 1 without a sign and 1.0 are equal to nlohmann.
std::string shape_of(const Json& value) {
  std::string shape = value.type_name() + std::to_string(static_cast<int>(value.type()));
  if (value.is_structured()) {
    for (const auto& [name, member] : value.items()) {
      shape += "(" + name + shape_of(member) + ")";
    }
    return shape;
  }
  return shape + value.dump();
}

cp::model::JsonReader reader_of(const TemporaryDirectory& directory, const std::string& text) {
  const std::string path = directory.path() + "/input";
  std::ofstream(path) << text;
  return cp::model::JsonReader({path});
}

}  // namespace

TEST_CASE("what is refused thoroughly is not read fast") {
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  std::string("{\"a\":1}x"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{\"a\" 1}"),
                                  std::string("{\"a\":1 \"b\":1}"),
                                  std::string("{,}"),
                                  std::string("[1,]"),
                                  std::string("[1 2]"),
                                  std::string("[,1]"),
                                  std::string("{\"a\":1,\"a\":2}"),
                                  std::string("{\"a\":{\"b\":1,\"c\":0,\"b\":1}}"),
                                  std::string("9007199254740993"),
                                  std::string("-9007199254740993"),
                                  std::string("18446744073709551617"),
                                  std::string("1e999"),
                                  std::string("01"),
                                  std::string("-01"),
                                  std::string("-"),
                                  std::string("+1"),
                                  std::string("1."),
                                  std::string("1.e3"),
                                  std::string(".5"),
                                  std::string("1e"),
                                  std::string("1e+"),
                                  std::string("0x10"),
                                  std::string("NaN"),
                                  std::string("inf"),
                                  std::string("nul"),
                                  std::string("truely"),
                                  std::string("'a'"),
                                  std::string("\"a"),
                                  std::string("\"a\\"),
                                  std::string("\"a\\x\""),
                                  std::string("\"a\nb\""),
                                  std::string("\"a\0b\"", 5),
                                  std::string("\"1234567\t9\""),
                                  std::string("\"\xff\""),
                                  std::string("\"12345678\xed\xa0\x80\""),
                                  std::string("\"\xc3\""),
                                  std::string(65, '[') + std::string(65, ']'),
                                  '"' + std::string(65'537, 'x') + '"'}) {
    CAPTURE(text.substr(0, 100));
    CHECK_FALSE(parse_plain(text));
    CHECK_FALSE(cp::model::parse_thoroughly(text, {}));
  }
}

TEST_CASE("an object of more than 10,000 members is refused in either way") {
  std::string many = "{";
  for (int i = 0; i < 10'001; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  CHECK_FALSE(parse_plain(many + "}"));
  CHECK_FALSE(cp::model::parse_thoroughly(many + "}", {}));
}

TEST_CASE("what is read fast is what is read thoroughly, types of numbers included") {
  for (const std::string& text : {std::string("0"),
                                  std::string("-0"),
                                  std::string("1"),
                                  std::string("-1"),
                                  std::string("9007199254740992"),
                                  std::string("-9007199254740992"),
                                  std::string("1.0"),
                                  std::string("-0.0"),
                                  std::string("1.7e+18"),
                                  std::string("1e300"),
                                  std::string("0.1"),
                                  std::string("-2.5E-3"),
                                  std::string("31.23"),
                                  std::string(" [ ] "),
                                  std::string("{ }"),
                                  std::string("[[],{},\"\",null,true,false]"),
                                  std::string(" {\"b\" :\t1 ,\r\n\"a\": [ 1 , 2 ] } "),
                                  std::string("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\""),
                                  std::string("\"caf\xc3\xa9, 12345678 \xf0\x9f\x98\x80\x7f\""),
                                  std::string(64, '[') + std::string(64, ']'),
                                  '"' + std::string(65'536, 'x') + '"'}) {
    CAPTURE(text.substr(0, 100));
    const auto plain = parse_plain(text);
    const auto thorough = cp::model::parse_thoroughly(text, {});
    REQUIRE(plain);
    REQUIRE(thorough);
    CHECK(shape_of(*plain) == shape_of(*thorough));
    CHECK(cp::model::to_line(*plain) == thorough->dump());
  }
}

TEST_CASE("what is rare is read all the same") {
  for (const std::string text : {"\"\\u00e9\"", "9223372036854775808", "1e-400"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_plain(text));
    CHECK(cp::model::parse_json(text));
  }
}

TEST_CASE("a line is given back as it came, and what is spread over lines is not") {
  const TemporaryDirectory directory;
  auto reader =
      reader_of(directory, "{\"b\": 1,\"a\":2} {\n\"c\":3}\n[{\"d\":4},5]\n{\"\\u0061\":6}");
  std::vector<std::string> lines;
  std::vector<std::size_t> begins;
  while (auto value = reader.next().value()) {
    lines.emplace_back(reader.line());
    begins.push_back(reader.origin().line);
  }
  CHECK(lines == std::vector<std::string>{"{\"b\": 1,\"a\":2}", "", "{\"d\":4}", "", ""});
  CHECK(begins == std::vector<std::size_t>{1, 1, 3, 3, 4});
}
