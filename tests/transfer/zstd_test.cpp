// SPDX-License-Identifier: Apache-2.0
#include "transfer/zstd.hpp"

#include "transfer/limits.hpp"

#include <zstd.h>

#include "catch.hpp"
#include <algorithm>
#include <random>

using namespace cp::transfer;

namespace {

using Blob = std::vector<std::byte>;

Blob prose(std::size_t size) {
  constexpr std::string_view kWords = "one chunk after another, each for itself; ";
  Blob bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(kWords[i % kWords.size()] + static_cast<char>(i / 4096 % 7));
  }
  return bytes;
}

Blob grain(std::size_t size) {
  std::mt19937_64 random(4711);
  Blob bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

// A frame as another zstd than ours might make it.
Blob zstd_frame(const Blob& plain, int level = 3) {
  Blob frame(ZSTD_compressBound(plain.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), plain.data(), plain.size(), level));
  return frame;
}

void check_unopened(const Blob& frame, std::size_t length) {
  ZstdExpander expander;
  const auto plain = expander.expand(frame, length);
  REQUIRE_FALSE(plain);
  CHECK(plain.error().code == cp::Errc::protocol);
}

}  // namespace

TEST_CASE("a frame that holds more or less than its chunk says is refused") {
  const Blob frame = zstd_frame(prose(5000));
  check_unopened(frame, 4999);
  check_unopened(frame, 5001);
  check_unopened(frame, 0);
}

TEST_CASE("a frame that would fill the memory is refused unread") {
  const Blob bomb = zstd_frame(Blob(std::size_t{256} << 20U), 1);
  CHECK(bomb.size() < limits::chunk_bytes);
  check_unopened(bomb, limits::chunk_bytes);
  check_unopened(bomb, std::size_t{256} << 20U);
}

TEST_CASE("a frame that does not say what it holds, or lies about it, is refused") {
  Blob frame = zstd_frame(prose(200));
  // RFC 8878, 3.1.1.1: without a size of the content, a window stands there instead.
  SECTION("it does not say") { frame[4] &= std::byte{0x1F}; }
  SECTION("it says less") { frame[5] = std::byte{100}; }
  SECTION("it says more") { frame[5] = std::byte{201}; }
  for (const std::size_t length : {std::size_t{100}, std::size_t{200}, std::size_t{201}}) {
    check_unopened(frame, length);
  }
}

TEST_CASE("two frames, half a frame, one with something behind it, and no frame are refused") {
  const Blob one = zstd_frame(prose(5000));
  Blob bytes = one;
  SECTION("two") { bytes.insert(bytes.end(), one.begin(), one.end()); }
  SECTION("half") { bytes.resize(bytes.size() / 2); }
  SECTION("more") { bytes.push_back(std::byte{0}); }
  SECTION("none") { bytes = grain(400); }
  SECTION("nothing") { bytes.clear(); }
  SECTION("a frame to be skipped") {
    bytes = {std::byte{0x50}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18},
             std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0}};
    check_unopened(bytes, 0);
  }
  check_unopened(bytes, 5000);
}

TEST_CASE("no bit of a frame that is another makes the expander write past the chunk") {
  const Blob plain = prose(3000);
  const Blob good = zstd_frame(plain);
  ZstdExpander expander;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Blob bytes = good;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto opened = expander.expand(bytes, plain.size());
    CHECK((!opened || opened->size() == plain.size()));
  }
}

TEST_CASE("what is compressed comes back the same, at every level and size") {
  ZstdCompressor compressor;
  ZstdExpander expander;
  for (const int level : {-100, zstd_least_level, 1, 3, zstd_most_level, 100}) {
    for (const std::size_t size : {std::size_t{512}, std::size_t{4097}, limits::chunk_bytes}) {
      const Blob plain = prose(size);
      const auto frame = compressor.compress(plain, level, size - 1);
      CAPTURE(level, size);
      REQUIRE_FALSE(frame.empty());
      const auto again = expander.expand(frame, size);
      REQUIRE(again);
      CHECK(std::ranges::equal(*again, plain));
    }
  }
}

TEST_CASE("what does not become as small as is wanted stays as it is") {
  ZstdCompressor compressor;
  const Blob noise = grain(limits::chunk_bytes);
  CHECK(compressor.compress(noise, 3, noise.size() - 1).empty());
  const Blob text = prose(5000);
  CHECK(compressor.compress(text, 3, 10).empty());
  CHECK_FALSE(compressor.compress(text, 3, 4900).empty());
}
