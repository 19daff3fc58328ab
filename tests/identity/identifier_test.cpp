// SPDX-License-Identifier: Apache-2.0
#include "identity/identifier.hpp"

#include "base/file.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <limits>
#include <string>

using namespace cp::identity;

namespace {

// The project's published vectors; a script computes them a second time.
cp::model::Json vectors() {
  const auto text = cp::read_file(in_source_tree("tests/data/identifiers.json"), 1U << 20U);
  REQUIRE(text);
  return *cp::model::parse_json(*text);
}

}  // namespace

TEST_CASE("a text that is no identifier is refused with the reason") {
  const auto data = vectors();
  REQUIRE(data["invalid"].size() > 30);
  for (const auto& vector : data["invalid"]) {
    const auto text = vector["text"].get<std::string>();
    CAPTURE(text);
    CHECK(name_of(flaw_in(text)) == vector["reason"].get<std::string>());
    const auto parsed = Identifier::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == cp::Errc::bad_data);
    CHECK(parsed.error().message.ends_with(sentence_of(flaw_in(text))));
  }
}

TEST_CASE("no byte but those of the alphabet stands in an identifier") {
  const std::string good = "cp:86.3101.42/7F3K9Q2M-JB";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      const auto parsed = Identifier::parse(text);
      CAPTURE(text, at, byte);
      CHECK((!parsed || parsed->text() == good));
    }
  }
}

TEST_CASE("an identifier of any length but the allowed ones is refused") {
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string serial(length, '7');
    CAPTURE(length);
    CHECK(flaw_in("cp:0/" + serial + "-00") == (length < kMinSerial ? Flaw::short_serial
                                                : length > kMaxSerial
                                                    ? Flaw::long_serial
                                                    : flaw_in("cp:0/" + serial + "-00")));
    CHECK(flaw_in(serial) == Flaw::no_scheme);
    CHECK(flaw_in("cp:" + serial + "/7777-00") !=
          (length >= 1 && length <= kMaxArcDigits ? Flaw::long_arc : Flaw::none));
  }
}

TEST_CASE("the published vectors are computed and parsed in every spelling") {
  const auto data = vectors();
  REQUIRE(data["valid"].size() > 50);
  for (const auto& vector : data["valid"]) {
    const auto id = vector["id"].get<std::string>();
    const auto prefix = vector["prefix"].get<std::string>();
    const auto serial = vector["serial"].get<std::string>();
    CAPTURE(id);
    CHECK(check_characters(prefix, serial) == vector["check"].get<std::string>());
    CHECK(Identifier::make(prefix, serial)->text() == id);
    const auto parsed = Identifier::parse(id);
    REQUIRE(parsed);
    CHECK(parsed->text() == id);
    CHECK(parsed->prefix() == prefix);
    CHECK(parsed->serial() == serial);
    CHECK(parsed->check() == vector["check"].get<std::string>());
    for (const auto& spelling : vector["also"]) {
      CHECK(Identifier::parse(spelling.get<std::string>())->text() == id);
    }
  }
}

TEST_CASE("a serial whose check would hold a letter that looks like a digit is not used") {
  int refused = 0;
  for (int number = 1000; number < 2000; ++number) {
    const auto check = check_characters("0", std::to_string(number));
    refused += check ? 0 : 1;
    CHECK((!check || check->find_first_of("ILOU") == std::string::npos));
  }
  CHECK(refused > 100);
  CHECK_FALSE(check_characters("86.", "7F3K9Q2M"));
  CHECK_FALSE(check_characters("86", "7F3"));
  CHECK_FALSE(check_characters(std::string(200, '1'), "7F3K9Q2M"));
}

TEST_CASE("prefixes compare arc by arc") {
  CHECK_FALSE(is_within("86.3101", "86.31"));
  CHECK_FALSE(is_within("86", "86.31"));
  CHECK(is_within("86.31.5", "86.31"));
  CHECK(is_within("86.31", "86.31"));
  for (const std::string_view text : {"", ".", "86.", ".86", "086", "86.031", "12345678901", "a",
                                      "86 ", "1.2.3.4.5.6.7.8.9", "O"}) {
    CAPTURE(text);
    CHECK_FALSE(is_prefix(text));
  }
  CHECK(is_prefix("0"));
  CHECK(is_prefix("86.0.9999999999"));
}

TEST_CASE("a location is an identifier and a path below it") {
  CHECK_FALSE(parse_location("cp:86.3101.42/7F3K9Q2M-JC/a"));
  CHECK_FALSE(parse_location("cp:86.3101.42"));
  CHECK(parse_location("CP:86.3101.42/7f3k9q2m-jb/a/b")->path == "a/b");
  CHECK(parse_location("CP:86.3101.42/7f3k9q2m-jb/")->resource.text() ==
        "cp:86.3101.42/7F3K9Q2M-JB");
  CHECK(parse_location("cp:86.3101.42/7F3K9Q2M-JB")->path.empty());
}

TEST_CASE("the serials of a prefix are counted without trying them") {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (const std::string prefix : {"0", "86.3101", "4294967295.1.2.3.4.5.6.7"}) {
    std::string body = prefix + "/0000";
    std::uint64_t counted = 0;
    for (std::size_t i = 0; i < std::size_t{1} << 20U; ++i) {
      for (std::size_t digit = 0; digit < 4; ++digit) {
        body[prefix.size() + 1 + digit] = kLetters[i >> (5 * digit) & 31U];
      }
      counted += has_check_characters(body) ? 1U : 0U;
    }
    CHECK(count_serials(prefix, 4) == counted);
  }
  CHECK(count_serials("0", 12) < std::uint64_t{1} << 60U);
  CHECK(count_serials("0", 32) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("an alias has a label and a name") {
  for (const std::string& text :
       {std::string("shlab/h100"), std::string("@/h100"), std::string("@shlab"),
        std::string("@shlab/"), std::string("@ShLab/h100"), std::string("@-a/h100"),
        std::string("@shlab/a/b"), std::string("@shlab/a\nb"), std::string("@shlab/ a"),
        std::string("@shlab/a\xFF"),
        std::string("@shlab/\xE2\x80\xAE"
                    "b"),
        std::string("@shlab/a\xC2\x85"), std::string("@shlab/a\xE2\x80\x8B"),
        std::string("@shlab/a\xC2\xA0"
                    "b"),
        std::string("@shlab/\xF3\xA0\x81\x81"), std::string("@shlab/a\xEF\xBB\xBF"),
        "@" + std::string(64, 'a') + "/x", "@a/" + std::string(129, 'x')}) {
    CAPTURE(text);
    CHECK_FALSE(is_alias(text));
  }
  CHECK(is_alias("@shlab/h100"));
  CHECK(is_alias("@0/超算"));
  CHECK(is_alias("@shlab/$(touch pwned)"));
}
