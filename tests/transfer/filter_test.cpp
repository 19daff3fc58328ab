// SPDX-License-Identifier: Apache-2.0
#include "transfer/filter.hpp"

#include "catch.hpp"
#include <array>

using cp::transfer::Filter;
using cp::transfer::glob_matches;

namespace {

struct Case {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

Filter filter_of(std::initializer_list<std::string_view> rules) {
  Filter filter;
  for (const std::string_view rule : rules) {
    REQUIRE(filter.add(rule));
  }
  return filter;
}

}  // namespace

TEST_CASE("what is no rule of selection is refused") {
  Filter filter;
  for (const std::string_view rule : {"", "-", "- ", "*.o", "+*.o", "x *.o", " - *.o"}) {
    CAPTURE(rule);
    const auto added = filter.add(rule);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == cp::Errc::usage);
  }
  CHECK(filter.rules().empty());
}

TEST_CASE("a pattern with wildcards matches as a shell would, and a star stays between slashes") {
  const std::array<Case, 42> cases{{{"", "", true},
                                    {"", "a", false},
                                    {"a", "", false},
                                    {"?", "a", true},
                                    {"?", "/", false},
                                    {"*", "", true},
                                    {"*", "abc", true},
                                    {"*", "a/c", false},
                                    {"a*c", "abbc", true},
                                    {"a*c", "abbcd", false},
                                    {"*.tar.gz", "x.tar.tar.gz", true},
                                    {"a*b*c", "aXbYbZc", true},
                                    {"a*b*c", "aXbYbZ", false},
                                    {"a/*/c", "a/b/c", true},
                                    {"a/*/c", "a/b/b/c", false},
                                    {"a/*/c", "a//c", true},
                                    {"**", "a/b/c", true},
                                    {"a**c", "a/b/c", true},
                                    {"a/**/c", "a/c", false},
                                    {"a/**/c", "a/b/b/c", true},
                                    {"**a*b", "x/a/y/ab", true},
                                    {"**a*b", "x/a/y/a/b", false},
                                    {"**/x*y/z", "a/xy/xay/z", true},
                                    {"***", "a/b", true},
                                    {"[abc]", "b", true},
                                    {"[abc]", "d", false},
                                    {"[a-c]x", "bx", true},
                                    {"[!a-c]", "b", false},
                                    {"[^a-c]", "d", true},
                                    {"[!a]", "/", false},
                                    {"[]a]", "]", true},
                                    {"[a-]", "-", true},
                                    {"[[:digit:]]x", "7x", true},
                                    {"[[:digit:]]x", "ax", false},
                                    {"[[:alpha:][:digit:]]", "7", true},
                                    {"[\\]]", "]", true},
                                    {"[", "[", true},
                                    {"[ab", "[ab", true},
                                    {"\\*", "*", true},
                                    {"\\*", "a", false},
                                    {"[[:nosuch:]x]", "ox]", true},
                                    {"\xff?", "\xff\xfe", true}}};
  for (const Case& c : cases) {
    CAPTURE(c.pattern, c.text);
    CHECK(glob_matches(c.pattern, c.text) == c.matches);
  }
}

TEST_CASE("a hostile pattern costs no more than its length times that of the name") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) {
    pattern += "*a";
  }
  CHECK_FALSE(glob_matches(pattern + "b", std::string(4000, 'a')));
  pattern.clear();
  for (int i = 0; i < 500; ++i) {
    pattern += "**a";
  }
  CHECK_FALSE(glob_matches(pattern + "b", std::string(4000, 'a')));
}

TEST_CASE("a pattern without a slash judges names, one with a slash the end of paths") {
  const std::array<Case, 26> cases{{{"*.o", "a.o", true},
                                    {"*.o", "d/e/a.o", true},
                                    {"*.o", "d.o/a", false},
                                    {"foo", "foo", true},
                                    {"foo", "a/foo", true},
                                    {"foo", "a/xfoo", false},
                                    {"foo/bar", "foo/bar", true},
                                    {"foo/bar", "a/foo/bar", true},
                                    {"foo/bar", "a/xfoo/bar", false},
                                    {"foo/bar", "foo/bar/baz", false},
                                    {"foo/*", "a/foo/b", true},
                                    {"foo/*", "foo/a/b", false},
                                    {"/foo", "foo", true},
                                    {"/foo", "a/foo", false},
                                    {"/a/*.o", "a/b.o", true},
                                    {"/a/*.o", "x/a/b.o", false},
                                    {"foo/**", "a/foo/b/c", true},
                                    {"foo/**", "foo", false},
                                    {"**/foo", "foo", true},
                                    {"**/foo", "a/b/foo", true},
                                    {"foo**bar", "x/foo/y/bar", true},
                                    {"/foo/**/bar", "foo/a/b/bar", true},
                                    {"foo/***", "a/foo/b/c", true},
                                    {"foo/***", "a/foo", false},
                                    {"a\\b", "a\\b", true},
                                    {"a\\b*", "a\\bc", false}}};
  for (const Case& c : cases) {
    CAPTURE(c.pattern, c.text);
    Filter filter;
    REQUIRE(filter.add("- " + std::string(c.pattern)));
    CHECK(filter.excludes(c.text, false) == c.matches);
  }
}

TEST_CASE("a pattern that ends in a slash means directories alone") {
  CHECK(filter_of({"- foo/"}).excludes("a/foo", true));
  CHECK_FALSE(filter_of({"- foo/"}).excludes("a/foo", false));
  CHECK(filter_of({"- foo/***"}).excludes("a/foo", true));
  CHECK_FALSE(filter_of({"- foo/***"}).excludes("a/foo", false));
}

TEST_CASE("the first rule that matches decides") {
  const Filter filter = filter_of({"+ keep.o", "- *.o", "+ /src/***", "- *"});
  CHECK_FALSE(filter.excludes("a/keep.o", false));
  CHECK(filter.excludes("src/a.o", false));
  CHECK_FALSE(filter.excludes("src", true));
  CHECK_FALSE(filter.excludes("src/d/a.c", false));
  CHECK(filter.excludes("README", false));
  CHECK_FALSE(Filter{}.excludes("anything", false));
}
