// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include "catch.hpp"
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace text = cp::text;
using namespace std::string_view_literals;

TEST_CASE("what is not wholly a number is none") {
  for (const auto word : {""sv, " "sv, " 1"sv, "1 "sv, "+1"sv, "0x10"sv, "1.0"sv, "1e3"sv, "--1"sv,
                          "-"sv, "9223372036854775808"sv, "-9223372036854775809"sv, "1\0"sv}) {
    CAPTURE(word);
    CHECK_FALSE(text::to_int(word));
  }
  for (const auto word :
       {""sv, "-1"sv, "+1"sv, "18446744073709551616"sv, "1,000"sv, "\xD9\xA1"sv}) {
    CAPTURE(word);
    CHECK_FALSE(text::to_uint(word));
  }
  for (const auto word : {""sv, "inf"sv, "-inf"sv, "nan"sv, "1e999"sv, "0x1p3"sv, "1,5"sv, "1e"sv,
                          " 1"sv, "+1.5"sv, "infinity"sv}) {
    CAPTURE(word);
    CHECK_FALSE(text::to_double(word));
  }
}

TEST_CASE("numbers are read to their last digit") {
  CHECK(text::to_int("-9223372036854775808") == INT64_MIN);
  CHECK(text::to_int("9223372036854775807") == INT64_MAX);
  CHECK(text::to_int("007") == 7);
  CHECK(text::to_uint("18446744073709551615") == UINT64_MAX);
  CHECK(text::to_double("-1.5e3") == -1500.0);
  CHECK(text::to_double("0.1") == 0.1);
}

TEST_CASE("base64 that is not exactly what an encoder writes is refused") {
  for (const auto word :
       {"A"sv, "AA"sv, "AAA"sv, "AA="sv, "AA==="sv, "===="sv, "A==="sv, "AAAA===="sv, "AB=="sv,
        "AAB="sv, "AA=A"sv, "A A="sv, "AA-A"sv, "AA_A"sv, "AAAA\n"sv}) {
    CAPTURE(word);
    CHECK_FALSE(text::from_base64(word));
  }
  for (const auto word : {"A"sv, "AB"sv, "AAB"sv, "AA=="sv, "AA+A"sv, "AA/A"sv, "AAAAA"sv}) {
    CAPTURE(word);
    CHECK_FALSE(text::from_base64url(word));
  }
}

TEST_CASE("base64 gives the vectors of RFC 4648 and every byte back") {
  const std::array<std::pair<std::string_view, std::string_view>, 7> vectors{
      {{"", ""},
       {"f", "Zg=="},
       {"fo", "Zm8="},
       {"foo", "Zm9v"},
       {"foob", "Zm9vYg=="},
       {"fooba", "Zm9vYmE="},
       {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, coded] : vectors) {
    CHECK(text::to_base64(bytes) == coded);
    CHECK(text::from_base64(coded) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    CHECK(text::from_base64(text::to_base64(all)) == all);
    CHECK(text::from_base64url(text::to_base64url(all)) == all);
  }
  CHECK(text::to_base64url("\xFB\xFF") == "-_8");
  CHECK(text::to_hex("\x00\x7F\xFF"sv) == "007fff");
}

TEST_CASE("a near word is found, a far one is not") {
  constexpr std::array<std::string_view, 4> words{"price.hour", "region", "memory", "gpu.model"};
  CHECK(text::near_match("regoin", words) == "region");
  CHECK(text::near_match("REGION", words) == "region");
  CHECK(text::near_match("gpu.modle", words) == "gpu.model");
  CHECK_FALSE(text::near_match("", words));
  CHECK_FALSE(text::near_match("xyzzy", words));
  CHECK_FALSE(text::near_match(std::string(1000, 'm'), words));
  CHECK_FALSE(text::near_match("region", {}));
}

TEST_CASE("the edit distance counts a swap of neighbours as one") {
  CHECK(text::edit_distance("", "abc") == 3);
  CHECK(text::edit_distance("abc", "") == 3);
  CHECK(text::edit_distance("abc", "abc") == 0);
  CHECK(text::edit_distance("ab", "ba") == 1);
  CHECK(text::edit_distance("kitten", "sitting") == 3);
  CHECK(text::edit_distance("ca", "abc") == 3);
}

TEST_CASE("a pattern with stars matches the whole text, whatever the case") {
  struct Case {
    std::string_view text;
    std::string_view pattern;
    bool matches;
  };
  const std::array<Case, 14> cases{{{"", "", true},
                                    {"a", "", false},
                                    {"", "*", true},
                                    {"", "a", false},
                                    {"cn-sh", "cn-*", true},
                                    {"CN-SH", "cn-*", true},
                                    {"cn", "cn-*", false},
                                    {"xcn-sh", "cn-*", false},
                                    {"a.b", "a?b", false},
                                    {"aXbXc", "a*b*c", true},
                                    {"abcabc", "*abc", true},
                                    {"abcab", "*abc", false},
                                    {"mississippi", "m*iss*pi", true},
                                    {"aaa", "a**a*", true}}};
  for (const Case& c : cases) {
    CAPTURE(c.text, c.pattern);
    CHECK(text::like(c.text, c.pattern) == c.matches);
  }
  // No pattern makes it take exponential time.
  CHECK_FALSE(text::like(std::string(20000, 'a'), "*a*a*a*a*a*a*a*a*b"));
}

TEST_CASE("parts are cut where they meet") {
  CHECK(text::split("", ',') == std::vector{""sv});
  CHECK(text::split(",a,", ',') == std::vector{""sv, "a"sv, ""sv});
  CHECK_FALSE(text::cut("abc", ':'));
  CHECK_FALSE(text::cut_last("abc", ':'));
  CHECK(text::cut("a:b:c", ':')->after == "b:c");
  CHECK(text::cut_last("a:b:c", ':')->before == "a:b");
  CHECK(text::cut(":", ':')->after.empty());
  CHECK(text::join({}, ", ").empty());
  CHECK(text::join(std::vector<std::string>{"a"}, ", ") == "a");
  CHECK(text::join(std::vector<std::string>{"a", "", "b"}, ",") == "a,,b");
  CHECK(text::trim(" \t\r\n").empty());
  CHECK(text::trim("\n a b\t") == "a b");
}

TEST_CASE("case is folded for ASCII letters only") {
  CHECK(text::lower("ÄB[Z") == "Äb[z");
  CHECK(text::upper("äb{z") == "äB{Z");
  CHECK(text::equal_ignoring_case("H100-SXM", "h100-sxm"));
  CHECK_FALSE(text::equal_ignoring_case("a", "ab"));
  CHECK_FALSE(text::equal_ignoring_case("@", "`"));
}
