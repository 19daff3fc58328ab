// SPDX-License-Identifier: Apache-2.0
#include "transfer/seal.hpp"

#include "transfer/limits.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace cp::transfer;
using cp::Errc;

namespace {

using HeadBytes = std::array<std::byte, ChunkHeader::encoded_bytes>;
using CreditBytes = std::array<std::byte, sealed_credit_bytes>;

const std::string kKey(limits::key_bytes, 'k');

struct Frame {
  HeadBytes head{};
  std::vector<std::byte> payload;
};

ChunkHeader header(std::uint64_t sequence, std::size_t length) {
  return {.is_pack = false,
          .sequence = sequence,
          .id = 0x0102030405060708,
          .offset = 5 * limits::leaf_bytes,
          .length = static_cast<std::uint32_t>(length),
          .digest = leaf_digest({})};
}

Frame sealed(FrameSealer& sealer, std::uint64_t sequence, const std::string& text = "plain text") {
  Frame frame;
  const auto bytes = std::as_bytes(std::span(text));
  frame.payload.assign(bytes.begin(), bytes.end());
  sealer.seal(header(sequence, text.size()), frame.head, frame.payload);
  return frame;
}

cp::Result<ChunkHeader> opened(FrameOpener& opener, std::uint64_t sequence, Frame frame) {
  return opener.open(sequence, frame.head, frame.payload, frame.payload);
}

void check_refused(const cp::Result<ChunkHeader>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::protocol);
}

bool holds(std::span<const std::byte> bytes, std::span<const std::byte> part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

}  // namespace

TEST_CASE("a sealed frame with any bit changed does not open") {
  FrameSealer sealer(kKey);
  const Frame whole = sealed(sealer, 1);
  FrameOpener opener(kKey);
  for (std::size_t i = 0; i < 8 * (whole.head.size() + whole.payload.size()); ++i) {
    Frame frame = whole;
    auto& byte =
        i / 8 < frame.head.size() ? frame.head[i / 8] : frame.payload[i / 8 - frame.head.size()];
    byte ^= static_cast<std::byte>(1U << (i % 8));
    CAPTURE(i);
    check_refused(opened(opener, 1, frame));
  }
  // What was refused does not stand in the way of what is right.
  CHECK(opened(opener, 1, whole) == header(1, 10));
}

TEST_CASE("a sealed frame of another turn, of another key, cut or in clear does not open") {
  FrameSealer sealer(kKey);
  const Frame first = sealed(sealer, 1);
  const Frame second = sealed(sealer, 2);
  FrameOpener opener(kKey);
  check_refused(opened(opener, 1, second));
  REQUIRE(opened(opener, 1, first));
  check_refused(opened(opener, 2, first));
  Frame pretends = first;
  pretends.head[8] = std::byte{2};
  check_refused(opened(opener, 2, pretends));
  Frame mixed = second;
  mixed.payload = first.payload;
  check_refused(opened(opener, 2, mixed));
  FrameOpener other(std::string(limits::key_bytes, 'K'));
  check_refused(opened(other, 2, second));
  Frame cut = second;
  cut.payload.pop_back();
  check_refused(opened(opener, 2, cut));
  HeadBytes clear;
  encode(header(2, 10), clear);
  check_refused(opened(opener, 2, {clear, second.payload}));
  CHECK(opened(opener, 2, second) == header(2, 10));
}

TEST_CASE("a sealed header is none for who expects clear text") {
  FrameSealer sealer(kKey);
  check_refused(decode_chunk_header(sealed(sealer, 1).head));
}

TEST_CASE("nothing of what is sealed can be read, its digest neither") {
  FrameSealer sealer(kKey);
  const std::string text(4096, 'x');
  const Frame frame = sealed(sealer, 1, text);
  CHECK_FALSE(holds(frame.payload, std::as_bytes(std::span(text)).first(8)));
  HeadBytes clear;
  encode(header(1, text.size()), clear);
  CHECK_FALSE(holds(frame.head, std::span(clear).subspan(16, 8)));
  CHECK_FALSE(holds(frame.head, std::span(clear).subspan(40, 8)));
  // The same once more is not the same.
  CHECK(sealed(sealer, 2, text).payload != frame.payload);
}

TEST_CASE("a sealed chunk as large as they come opens to what it was") {
  FrameSealer sealer(kKey);
  FrameOpener opener(kKey);
  const std::string text(limits::chunk_bytes, 'y');
  Frame frame = sealed(sealer, 1, text);
  REQUIRE(opener.open(1, frame.head, frame.payload, frame.payload));
  CHECK(std::ranges::equal(frame.payload, std::as_bytes(std::span(text))));
}

TEST_CASE("a compressed chunk is sealed as it travels, with both of its lengths") {
  FrameSealer sealer(kKey);
  ChunkHeader compressed = header(1, 5000);
  compressed.compressed = 10;
  Frame frame{.head = {}, .payload = std::vector<std::byte>(10)};
  sealer.seal(compressed, frame.head, frame.payload);
  CHECK(FrameOpener::length_in(frame.head) == 10U);
  for (const std::size_t at : {5U, 33U, 36U}) {
    Frame changed = frame;
    changed.head[at] ^= std::byte{4};
    FrameOpener opener(kKey);
    check_refused(opened(opener, 1, changed));
  }
  FrameOpener opener(kKey);
  CHECK(opened(opener, 1, frame) == compressed);
}

TEST_CASE("a credit opens as it was sealed, and with no bit changed") {
  FrameSealer sealer(kKey);
  FrameOpener opener(kKey);
  CreditBytes whole;
  sealer.seal(Credit{7}, whole);
  const auto credit = opener.open(whole);
  REQUIRE(credit);
  CHECK(credit->consumed == 7);
  for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
    CreditBytes bytes = whole;
    bytes[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
    CAPTURE(i);
    const auto changed = opener.open(bytes);
    REQUIRE_FALSE(changed);
    CHECK(changed.error().code == Errc::protocol);
  }
}
