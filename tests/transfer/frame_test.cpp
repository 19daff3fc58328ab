// SPDX-License-Identifier: Apache-2.0
#include "transfer/frame.hpp"

#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include "catch.hpp"

using namespace cp::transfer;

namespace {

using Bytes = std::array<std::byte, ChunkHeader::encoded_bytes>;

ChunkHeader sample() {
  return {.is_pack = false,
          .sequence = 3,
          .id = 0x0102030405060708,
          .offset = 5 * limits::leaf_bytes,
          .length = 17,
          .digest = leaf_digest({})};
}

Bytes encoded(const ChunkHeader& header) {
  Bytes bytes;
  encode(header, bytes);
  return bytes;
}

void check_refused(const Bytes& bytes) {
  const auto header = decode_chunk_header(bytes);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == cp::Errc::protocol);
}

}  // namespace

TEST_CASE("a chunk header that no sender writes is refused") {
  ChunkHeader header = sample();
  SECTION("length zero") { header.length = 0; }
  SECTION("length beyond the slot") { header.length = limits::chunk_bytes + 1; }
  SECTION("offset between leaves") { header.offset = 1; }
  SECTION("offset beyond any file") { header.offset = ~std::uint64_t{0} << 20U; }
  SECTION("no sequence") { header.sequence = 0; }
  SECTION("no id") { header.id = 0; }
  SECTION("a pack with an offset") { header.is_pack = true; }
  SECTION("compressed to more") { header.compressed = header.length + 1; }
  SECTION("compressed to as much") { header.compressed = header.length; }
  check_refused(encoded(header));
}

TEST_CASE("every bit of a chunk header that says how to read it is checked") {
  const Bytes good = encoded(sample());
  // Magic, version, flags, header length; wire length; reserved.
  for (std::size_t at = 0; at < good.size(); ++at) {
    const bool free = (at >= 8 && at < 36) || (at >= 40 && at < 56);
    for (unsigned bit = 0; bit < 8 && !free; ++bit) {
      Bytes bytes = good;
      bytes[at] ^= static_cast<std::byte>(1U << bit);
      CAPTURE(at, bit);
      if (at == 5 && bit == 0) {
        continue;  // the flag of a pack, and this offset is none of a pack's
      }
      check_refused(bytes);
    }
  }
}

TEST_CASE("a chunk header is read as it was written, little endian") {
  const Bytes bytes = encoded(sample());
  CHECK(static_cast<char>(bytes[0]) == 'C');
  CHECK(static_cast<char>(bytes[3]) == 'C');
  CHECK(bytes[16] == std::byte{8});
  CHECK(bytes[23] == std::byte{1});
  CHECK(decode_chunk_header(bytes).value() == sample());
  const ChunkHeader pack{.is_pack = true, .sequence = 1, .id = 1, .offset = 0, .length = 9};
  CHECK(decode_chunk_header(encoded(pack)).value() == pack);
  ChunkHeader compressed = sample();
  compressed.compressed = 9;
  CHECK(decode_chunk_header(encoded(compressed)).value() == compressed);
  CHECK(compressed.on_wire() == 9);
  CHECK(sample().on_wire() == 17);
}

TEST_CASE("a credit is read as it was written, and nothing else is one") {
  std::array<std::byte, Credit::encoded_bytes> bytes;
  encode(Credit{77}, bytes);
  CHECK(decode_credit(bytes)->consumed == 77);
  for (std::size_t at = 0; at < 8; ++at) {
    auto bad = bytes;
    bad[at] ^= std::byte{0x40};
    CHECK_FALSE(decode_credit(bad));
  }
}
