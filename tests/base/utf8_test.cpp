// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

#include "catch.hpp"
#include <array>
#include <string>
#include <string_view>

namespace utf8 = cp::utf8;
using namespace std::string_view_literals;

TEST_CASE("bytes that RFC 3629 forbids begin no code point") {
  const std::array bad{"\x80"sv,              // a continuation alone
                       "\xBF\x80"sv,          //
                       "\xC0\x80"sv,          // overlong NUL
                       "\xC1\xBF"sv,          // overlong DEL
                       "\xE0\x9F\xBF"sv,      // overlong of three
                       "\xF0\x8F\xBF\xBF"sv,  // overlong of four
                       "\xED\xA0\x80"sv,      // U+D800
                       "\xED\xBF\xBF"sv,      // U+DFFF
                       "\xF4\x90\x80\x80"sv,  // U+110000
                       "\xF5\x80\x80\x80"sv,  //
                       "\xFE"sv,
                       "\xFF"sv,
                       "\xC3"sv,          // cut off
                       "\xE2\x82"sv,      //
                       "\xF0\x9F\x98"sv,  //
                       "\xC3("sv,         // followed by something else
                       "\xE2\x82("sv};
  for (const std::string_view bytes : bad) {
    CAPTURE(bytes);
    const utf8::CodePoint first = utf8::decode(bytes);
    CHECK_FALSE(first.valid);
    CHECK(first.length == 1);
    CHECK(first.code == static_cast<unsigned char>(bytes[0]));
    CHECK_FALSE(utf8::is_valid(bytes));
    CHECK_FALSE(utf8::is_valid("a" + std::string(bytes)));
  }
}

TEST_CASE("the first and the last code point of each length are read") {
  struct Case {
    std::string_view bytes;
    std::uint32_t code;
  };
  const std::array<Case, 10> cases{{{"\x00"sv, 0},
                                    {"\x7F"sv, 0x7F},
                                    {"\xC2\x80"sv, 0x80},
                                    {"\xDF\xBF"sv, 0x7FF},
                                    {"\xE0\xA0\x80"sv, 0x800},
                                    {"\xED\x9F\xBF"sv, 0xD7FF},
                                    {"\xEE\x80\x80"sv, 0xE000},
                                    {"\xEF\xBF\xBF"sv, 0xFFFF},
                                    {"\xF0\x90\x80\x80"sv, 0x10000},
                                    {"\xF4\x8F\xBF\xBF"sv, 0x10FFFF}}};
  for (const Case& c : cases) {
    const utf8::CodePoint first = utf8::decode(std::string(c.bytes) + "x");
    CHECK(first.valid);
    CHECK(first.code == c.code);
    CHECK(first.length == c.bytes.size());
    CHECK(utf8::is_valid(c.bytes));
  }
  CHECK(utf8::is_valid(""));
}
