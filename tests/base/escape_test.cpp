// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"

#include "base/process.hpp"

#include "catch.hpp"
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace escape = cp::escape;
using namespace std::string_view_literals;

namespace {
using Cases = std::initializer_list<std::pair<std::string_view, std::string_view>>;
}

TEST_CASE("nothing that steers a terminal reaches it") {
  const Cases cases{{"a\nb\tc\rd"sv, "a\\nb\\tc\\rd"sv},
                    {"\x1B[31mred"sv, "\\x1b[31mred"sv},
                    {"\0"sv, "\\x00"sv},
                    {"\x7F"sv, "\\x7f"sv},
                    {"\xC2\x9B"sv, "\\u{009b}"sv},      // CSI in one character
                    {"\xE2\x80\xAE"sv, "\\u{202e}"sv},  // right-to-left override
                    {"\xE2\x81\xA6"sv, "\\u{2066}"sv},  // isolate
                    {"\xD8\x9C"sv, "\\u{061c}"sv},      // Arabic letter mark
                    {"\xE2\x80\xA8"sv, "\\u{2028}"sv},  // line separator
                    {"\xEF\xBB\xBF"sv, "\\u{feff}"sv},  // byte-order mark
                    {"\xFF\xC3"sv, "\\xff\\xc3"sv},     // no UTF-8
                    {"\xC3\xA4 \xE4\xB8\xAD"sv, "\xC3\xA4 \xE4\xB8\xAD"sv}};
  for (const auto& [raw, shown] : cases) {
    CHECK(escape::terminal(raw) == shown);
  }
}

TEST_CASE("a JSON text steers no terminal and means what it meant") {
  CHECK(cp::escape::json("{\"a\":\"x\\n\u00e4\u2026 \U0001F600\"}") ==
        "{\"a\":\"x\\n\u00e4\u2026 \U0001F600\"}");
  CHECK(cp::escape::json("\"\x7f\u009b31m\u202e\u2028\ufeff\"") ==
        "\"\\u007f\\u009b31m\\u202e\\u2028\\ufeff\"");
  CHECK(cp::escape::json("").empty());
}

TEST_CASE("no spreadsheet runs a field, and a reader of RFC 4180 gets it back whole") {
  const Cases cases{{"", ""},
                    {"plain", "plain"},
                    {"a,b", "\"a,b\""},
                    {"say \"x\"", "\"say \"\"x\"\"\""},
                    {"two\nlines", "\"two\nlines\""},
                    {"=1+1", "'=1+1"},
                    {"+1", "'+1"},
                    {"-1", "'-1"},
                    {"@SUM(A1)", "'@SUM(A1)"},
                    {"\tx", "'\tx"},
                    {"=\"a\",b", "\"'=\"\"a\"\",b\""}};
  for (const auto& [raw, field] : cases) {
    CHECK(escape::csv(raw) == field);
  }
}

TEST_CASE("markup in a name stays text") {
  CHECK(escape::xml("<script>alert(\"1\")&'</script>") ==
        "&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;&lt;/script&gt;");
  CHECK(escape::xml("a\x01\x0B\x1F\xFF"sv) == "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escape::xml("\xEF\xBF\xBE") == "\xEF\xBF\xBD");
  CHECK(escape::xml("\t\n\r\xC3\xA4") == "\t\n\r\xC3\xA4");
}

TEST_CASE("a label of OpenMetrics is one line with its quotes and backslashes kept apart") {
  CHECK(escape::openmetrics("a\"b\\c") == "a\\\"b\\\\c");
  CHECK(escape::openmetrics("a\nb") == "a\\nb");
  CHECK(escape::openmetrics("\xC3\xA4") == "\xC3\xA4");
}

TEST_CASE("a shell reads the same word again") {
  const Cases cases{{"", "''"},
                    {"plain-1_2./:=@%+,", "plain-1_2./:=@%+,"},
                    {"a b", "'a b'"},
                    {"$(touch pwned)", "'$(touch pwned)'"},
                    {"it's", "'it'\\''s'"},
                    {"~", "'~'"}};
  for (const auto& [raw, word] : cases) {
    CHECK(escape::shell(raw) == word);
  }
  for (const auto word :
       {""sv, "a\nb"sv, "'"sv, "''"sv, "\\"sv, "\"$x`id`\""sv, "-n"sv, "*"sv, "\xFF"sv}) {
    const cp::Command command{{"sh", "-c", "printf '%s' " + escape::shell(word)}};
    const auto said = cp::capture(command, {}, std::chrono::seconds(20));
    REQUIRE(said);
    CHECK(said->output == word);
  }
}
