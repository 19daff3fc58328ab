// SPDX-License-Identifier: Apache-2.0
#include "transfer/pack.hpp"

#include "transfer/wire.hpp"

#include "catch.hpp"
#include <algorithm>
#include <random>

using namespace cp::transfer;

namespace {

std::vector<std::byte> a_pack() {
  std::vector<std::byte> slot(limits::chunk_bytes);
  PackWriter writer(slot);
  const std::string_view text = "hello";
  std::ranges::copy(std::as_bytes(std::span(text)), writer.room_for(5, "a/b").begin());
  writer.add("a/b", {.mode = 0644, .mtime_s = -5, .mtime_ns = 7}, 5);
  CHECK(writer.room_for(0, "empty").empty());
  CHECK(writer.has_room_for(0, "empty"));
  writer.add("empty", {.mode = 0600}, 0);
  slot.resize(writer.finish());
  return slot;
}

}  // namespace

TEST_CASE("a pack that is cut anywhere is refused") {
  const auto pack = a_pack();
  for (std::size_t size = 0; size < pack.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(unpack(std::span(pack).first(size)));
  }
}

TEST_CASE("a pack with a flipped bit in its table is refused or still inside its payload") {
  const auto pack = a_pack();
  for (std::size_t at = 5; at < pack.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto bad = pack;
      bad[at] ^= static_cast<std::byte>(1U << bit);
      if (const auto files = unpack(bad)) {
        for (const PackedFile& file : *files) {
          CHECK(file.data.size() <= 5);
          CHECK((file.data.empty() || (file.data.data() >= bad.data() &&
                                       file.data.data() + file.data.size() <= &bad.back())));
        }
      }
    }
  }
}

TEST_CASE("random bytes are no pack") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> bytes(random() % 200);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
    CHECK_FALSE(unpack(bytes));
  }
}

TEST_CASE("the files of a pack come out as they went in") {
  const auto pack = a_pack();
  const auto files = unpack(pack);
  REQUIRE(files);
  REQUIRE(files->size() == 2);
  CHECK((*files)[0].path == "a/b");
  CHECK((*files)[0].metadata == Metadata{.mode = 0644, .mtime_s = -5, .mtime_ns = 7});
  CHECK((*files)[0].data.size() == 5);
  CHECK((*files)[1].path == "empty");
  CHECK((*files)[1].data.empty());
}

TEST_CASE("a pack is full when the next file and its row would not fit") {
  std::vector<std::byte> slot(limits::chunk_bytes);
  PackWriter writer(slot);
  const std::string path(100, 'p');
  std::size_t count = 0;
  for (; writer.has_room_for(4000, path); ++count) {
    CHECK(writer.room_for(4000, path).size() == 4000);
    writer.add(path, {}, 4000);
  }
  CHECK(count == limits::chunk_bytes / (4000 + 138));
  CHECK_FALSE(writer.has_room_for(limits::chunk_bytes, path));
  CHECK_FALSE(writer.has_room_for(~std::uint64_t{0}, path));
  const auto length = writer.finish();
  REQUIRE(length <= slot.size());
  CHECK(unpack(std::span(slot).first(length))->size() == count);
}
