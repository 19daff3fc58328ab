// SPDX-License-Identifier: Apache-2.0
#include "market/csv.hpp"

#include "catch.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace {

using Fields = std::vector<std::string>;

std::optional<Fields> split(std::string_view line, std::size_t most = 256) {
  cp::market::CsvSplitter splitter;
  const auto fields = splitter.split(line, most);
  return fields ? std::optional(Fields(fields->begin(), fields->end())) : std::nullopt;
}

}  // namespace

TEST_CASE("a quote that does not end on its line is no row") {
  CHECK_FALSE(split("a,\"b"));
  CHECK_FALSE(split("\""));
  CHECK_FALSE(split("a,\"b\"\""));
  CHECK_FALSE(split("\"a,b,c"));
}

TEST_CASE("fields are cut at commas outside of quotes") {
  CHECK(split("") == Fields{""});
  CHECK(split(",") == Fields{"", ""});
  CHECK(split("a,,c") == Fields{"a", "", "c"});
  CHECK(split("a,\"b,c\",d") == Fields{"a", "b,c", "d"});
  CHECK(split("\"\",x") == Fields{"", "x"});
  CHECK(split("\"say \"\"hi\"\"\",2") == Fields{"say \"hi\"", "2"});
  CHECK(split("\"a\"b,c") == Fields{"ab", "c"});
  CHECK(split("a\"b,c") == Fields{"a\"b", "c"});
  CHECK(split("a,\"b\",") == Fields{"a", "b", ""});
}

TEST_CASE("the rest of a field that began lines before is no row") {
  cp::market::CsvSplitter splitter;
  CHECK_FALSE(splitter.split("b\",1,r"));
  CHECK_FALSE(splitter.split("x,b\""));
  CHECK(splitter.split("5\" disk,1"));
}

TEST_CASE("a line of commas costs no memory") {
  const std::string commas(1'000'000, ',');
  CHECK(split(commas, 12)->size() == 13);
  CHECK(split("\"x\"" + commas, 12)->size() == 13);
}
