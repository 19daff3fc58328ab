// SPDX-License-Identifier: Apache-2.0
#include "market/literal.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>
#include <string_view>

using cp::market::parse_literal;

TEST_CASE("what is no literal is refused with its column") {
  for (const std::string_view text :
       {"", "{", "{'a'", "{'a': }", "{'a': 1 'b': 2}", "{a: 1}", "[1, 2", "'x", "A100",
        "{'a': 1} x", "__import__('os')", "nan", "{'a': 'b\\", "[,]", "{1: 2}", "-"}) {
    CAPTURE(text);
    const auto result = parse_literal(text);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == cp::Errc::bad_data);
    CHECK_THAT(result.error().message, Catch::StartsWith("column "));
  }
}

TEST_CASE("a literal is bounded in depth and in its strings") {
  CHECK_FALSE(parse_literal(std::string(10'000, '[')));
  CHECK_FALSE(parse_literal("'" + std::string(70'000, 'x') + "'"));
}

TEST_CASE("Python, JSON and their mixture mean the same") {
  const std::string_view wanted = R"({"Gpus":[{"Name":"L4","Count":2.0,"Info":null}],"Ok":true})";
  for (const std::string_view text :
       {R"({'Gpus': [{'Name': 'L4', 'Count': 2.0, 'Info': None}], 'Ok': True})",
        R"({"Gpus": [{"Name": "L4", "Count": 2, "Info": null}], "Ok": true})",
        R"({'Gpus':[{'Name':"L4",'Count':2e0,'Info':null,},],'Ok':true,})"}) {
    CAPTURE(text);
    const auto value = parse_literal(text);
    REQUIRE(value);
    CHECK(*value == cp::model::Json::parse(wanted));
  }
  CHECK(*parse_literal("'it\\'s'") == "it's");
  CHECK(parse_literal("[]")->empty());
}
