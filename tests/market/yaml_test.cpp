// SPDX-License-Identifier: Apache-2.0
#include "market/yaml.hpp"

#include "catch.hpp"
#include <string>

using cp::market::parse_yaml;
using cp::market::YamlNode;

namespace {

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

}  // namespace

TEST_CASE("what is no YAML of ours is bad data, with its line") {
  const std::string text =
      GENERATE(as<std::string>{}, "a: [1, 2", "a: b: c", "? [1]\n: 2\n", "a: *none\n",
               "a: &a [*a]\n", "---\n1\n---\n2\n", "a: \"\\0\"\n", "a: \xff\xfe\n", "\t- a\n",
               "%FOO bar\n%YAML 9.9\n--- a\n");
  CAPTURE(text);
  const auto document = parse_yaml(text);
  REQUIRE_FALSE(document);
  CHECK(document.error().code == cp::Errc::bad_data);
  CHECK(document.error().message.starts_with("line "));
}

TEST_CASE("aliases make no more of a document than it may hold") {
  // Nine levels of ten aliases each stand for a thousand million values.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 9; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" +
            repeat(below + ", ", 9) + below + "]\n";
  }
  CHECK_FALSE(parse_yaml(bomb));
  // A few aliases of a long text would be gigabytes.
  CHECK_FALSE(
      parse_yaml("a: &a " + std::string(60'000, 'x') + "\nb: [" + repeat("*a, ", 5'000) + "1]\n"));
  // So would anchors that lie in each other, each of which is kept.
  CHECK_FALSE(parse_yaml(repeat("&a [", 60) + repeat("x, ", 90'000) + repeat("]", 60)));
}

TEST_CASE("depth and length are bounded") {
  CHECK(parse_yaml(repeat("[", 60) + repeat("]", 60)));
  CHECK_FALSE(parse_yaml(repeat("[", 70) + repeat("]", 70)));
  CHECK_FALSE(parse_yaml(repeat("[", 100'000)));
  CHECK_FALSE(parse_yaml(repeat("a: &a {b: ", 40) + "1" + repeat("}", 40) +
                         "\nc: " + repeat("[", 40) + "*a"));
  CHECK_FALSE(parse_yaml(std::string(2'000'000, ' ')));
  CHECK_FALSE(parse_yaml("a: " + std::string(100'000, 'x')));
}

TEST_CASE("a value is what it says, and knows its line") {
  const auto document = parse_yaml(
      "# a comment\nname: ASU \"Sol\"\ncount: 02118\nquoted: \"12\"\nnone: ~\nempty:\nactive: "
      "True\n"
      "place: &p {lat: -1.5, lon: 2e1}\nagain: *p\nlist:\n- a\n- b\n");
  REQUIRE(document);
  CHECK(document->root.kind == YamlNode::Kind::mapping);
  CHECK(document->root.find("name")->string() == "ASU \"Sol\"");
  CHECK(document->root.find("name")->line == 2);
  CHECK(document->root.find("count")->string() == "02118");
  CHECK_FALSE(document->root.find("quoted")->number());
  CHECK_FALSE(document->root.find("none")->string());
  CHECK_FALSE(document->root.find("empty")->string());
  CHECK(document->root.find("active")->boolean() == true);
  CHECK_FALSE(document->root.find("name")->boolean());
  CHECK(document->root.find("again")->find("lat")->number() == -1.5);
  CHECK(document->root.find("list")->items.size() == 2);
  CHECK(document->root.find("missing") == nullptr);
  CHECK(document->root.find("list")->find("a") == nullptr);
}

TEST_CASE("of two members of one name the later one counts, and both are told") {
  const auto document = parse_yaml("a: 1\nb: 2\na: 3\n");
  REQUIRE(document);
  CHECK(document->root.names == std::vector<std::string>{"a", "b"});
  CHECK(document->root.find("a")->number() == 3);
  REQUIRE(document->doubled.size() == 1);
  CHECK(document->doubled.front().first == 3);
}

TEST_CASE("an empty document is an empty value") {
  const auto document = parse_yaml("");
  REQUIRE(document);
  CHECK(document->root.find("a") == nullptr);
  CHECK_FALSE(document->root.string());
}
