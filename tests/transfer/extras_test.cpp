// SPDX-License-Identifier: Apache-2.0
#include "transfer/extras.hpp"

#include "transfer/limits.hpp"
#include "transfer/message.hpp"
#include "transfer/preserve.hpp"
#include "transfer/wire.hpp"

#include "catch.hpp"

using namespace cp::transfer;

namespace {

Extras all_extras() {
  return {.owner = Owner{1, 2, 04000, "user", "group"},
          .attributes = {{"user.a", std::string("\0x", 2)}, {"user.b", ""}},
          .holes = {{0, 2}, {4, 1}},
          .is_leader = true,
          .is_closed = true};
}

std::string field(std::uint16_t tag, std::string_view body) {
  WireWriter out;
  out.put(tag).put(static_cast<std::uint32_t>(body.size()));
  return out.take() + std::string(body);
}

std::string range(std::uint64_t first, std::uint64_t count) {
  return WireWriter().put(first).put(count).take();
}

}  // namespace

TEST_CASE("extras that cannot be are refused") {
  const std::string owner = WireWriter().put(1U).put(2U).put(0100000U).take();
  CHECK_FALSE(decode_extras(field(1, owner), 9));
  const std::string names = WireWriter().put_text("u").put_text("g").take();
  const std::string sound = WireWriter().put(1U).put(2U).put(0U).take();
  CHECK(decode_extras(field(1, sound) + field(7, names), 9));
  CHECK_FALSE(decode_extras(field(7, names), 9));
  CHECK_FALSE(decode_extras(field(1, sound) + field(7, names + "x"), 9));
  const std::string long_name = WireWriter().put_text(std::string(256, 'u')).put_text("").take();
  CHECK_FALSE(decode_extras(field(1, sound) + field(7, long_name), 9));
  CHECK_FALSE(decode_extras(field(1, "short"), 9));
  CHECK_FALSE(decode_extras(field(2, WireWriter().put_text("").take()), 9));
  CHECK_FALSE(decode_extras(field(2, WireWriter().put_text(std::string("a\0b", 3)).take()), 9));
  CHECK_FALSE(decode_extras(field(2, WireWriter().put_text(std::string(256, 'n')).take()), 9));
  CHECK_FALSE(decode_extras(
      field(2, WireWriter().put_text("n").take() + std::string(limits::attribute_bytes + 1, 'v')),
      9));
  CHECK_FALSE(decode_extras(field(3, range(0, 10)), 9));
  CHECK_FALSE(decode_extras(field(3, range(1, ~std::uint64_t{0})), 9));
  CHECK_FALSE(decode_extras(field(3, range(3, 0)), 9));
  CHECK_FALSE(decode_extras(field(3, range(3, 2) + range(4, 1)), 9));
  CHECK_FALSE(decode_extras(field(3, "odd"), 9));
  CHECK_FALSE(decode_extras(field(4, "x"), 9));
}

TEST_CASE("extras that are cut are refused, wherever") {
  const std::string bytes = encode(all_extras());
  int whole = 0;
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    whole += decode_extras(std::string_view(bytes).substr(0, size), 9) ? 1 : 0;
  }
  CHECK(whole == 6);  // between two fields
}

TEST_CASE("extras come back as they went, and unknown fields are passed over") {
  const auto back = decode_extras(encode(all_extras()) + field(999, "what comes later"), 5);
  REQUIRE(back);
  CHECK(**back == all_extras());
  CHECK(encoded_bytes(nullptr) == 0);
}

TEST_CASE("an entry takes its extras along, and no holes beyond its end") {
  Entries message;
  message.entries.push_back({.type = EntryType::file, .path = "f", .size = 5U << 20U, .id = 1});
  message.entries[0].extras = std::make_shared<const Extras>(all_extras());
  message.entries.push_back({.type = EntryType::hard_link, .path = "g", .target = "f"});
  const auto back = decode<Entries>(encode(message));
  REQUIRE(back);
  CHECK(*back->entries[0].extras == all_extras());
  CHECK(back->entries[1].type == EntryType::hard_link);
  message.entries[0].size = 4U << 20U;
  CHECK_FALSE(decode<Entries>(encode(message)));
}

TEST_CASE("a list of what to preserve is read word by word") {
  Preserve preserve;
  CHECK_FALSE(add_word(preserve, "colour"));
  CHECK_FALSE(add_word(preserve, ""));
  CHECK(add_word(preserve, "times"));
  CHECK_FALSE(preserve.anything());
  CHECK(add_word(preserve, "acl"));
  CHECK(words_of(preserve) == std::vector<std::string_view>{"acl"});
  CHECK(add_word(preserve, "all"));
  CHECK(words_of(preserve) == std::vector<std::string_view>{"owner", "xattr", "acl", "links"});
}
