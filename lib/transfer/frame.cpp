// SPDX-License-Identifier: Apache-2.0
#include "transfer/frame.hpp"

#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

constexpr std::uint32_t kChunkMagic = 0x43585043;   // "CPXC"
constexpr std::uint32_t kCreditMagic = 0x47585043;  // "CPXG"
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPackFlag = 1;
constexpr std::uint8_t kCompressedFlag = 4;  // 2 is that of a sealed chunk

const char* fault_of(const ChunkHeader& header) {
  if (header.length == 0 || header.length > limits::chunk_bytes) {
    return "a chunk with a length beyond the slot";
  }
  if (header.compressed >= header.length) {
    return "a compressed chunk that is no shorter";
  }
  if (header.sequence == 0 || header.id == 0) {
    return "a chunk without sequence or id";
  }
  if (header.is_pack && header.offset != 0) {
    return "a pack with an offset";
  }
  if (header.offset % limits::leaf_bytes != 0 || header.offset >= limits::file_bytes) {
    return "a chunk with an offset that is none";
  }
  return nullptr;
}

std::uint8_t flags_of(const ChunkHeader& header) {
  return static_cast<std::uint8_t>((header.is_pack ? kPackFlag : 0U) |
                                   (header.is_compressed() ? kCompressedFlag : 0U));
}

// The length on the wire says the same a second time for a plain chunk.
Result<void> take_length(ChunkHeader& header, std::uint32_t on_wire, bool is_compressed) {
  if (!is_compressed && on_wire != header.length) {
    return fail(Errc::protocol, "a chunk whose two lengths differ");
  }
  if (is_compressed && on_wire == 0) {
    return fail(Errc::protocol, "a compressed chunk of nothing");
  }
  header.compressed = is_compressed ? on_wire : 0;
  return {};
}

}  // namespace

void encode(const ChunkHeader& header, std::span<std::byte, ChunkHeader::encoded_bytes> out) {
  std::ranges::fill(out, std::byte{0});
  store_le(&out[0], kChunkMagic);
  store_le(&out[4], kVersion);
  store_le(&out[5], flags_of(header));
  store_le(&out[6], static_cast<std::uint16_t>(ChunkHeader::encoded_bytes));
  store_le(&out[8], header.sequence);
  store_le(&out[16], header.id);
  store_le(&out[24], header.offset);
  store_le(&out[32], header.length);
  store_le(&out[36], header.on_wire());
  std::ranges::copy(header.digest.bytes, &out[40]);
}

Result<ChunkHeader> decode_chunk_header(std::span<const std::byte, ChunkHeader::encoded_bytes> in) {
  if (load_le<std::uint32_t>(&in[0]) != kChunkMagic) {
    return fail(Errc::protocol, "no chunk where one belongs");
  }
  if (load_le<std::uint8_t>(&in[4]) != kVersion) {
    return fail(Errc::protocol, "a chunk of version {}", load_le<std::uint8_t>(&in[4]));
  }
  const auto flags = load_le<std::uint8_t>(&in[5]);
  const bool reserved_is_zero =
      std::all_of(&in[56], in.data() + in.size(), [](std::byte b) { return b == std::byte{0}; });
  if ((flags & ~(kPackFlag | kCompressedFlag)) != 0 || !reserved_is_zero ||
      load_le<std::uint16_t>(&in[6]) != ChunkHeader::encoded_bytes) {
    return fail(Errc::protocol, "a chunk with a feature that was not agreed on");
  }
  ChunkHeader header{.is_pack = (flags & kPackFlag) != 0,
                     .sequence = load_le<std::uint64_t>(&in[8]),
                     .id = load_le<std::uint64_t>(&in[16]),
                     .offset = load_le<std::uint64_t>(&in[24]),
                     .length = load_le<std::uint32_t>(&in[32])};
  std::copy_n(&in[40], header.digest.bytes.size(), header.digest.bytes.begin());
  CP_TRY(take_length(header, load_le<std::uint32_t>(&in[36]), (flags & kCompressedFlag) != 0));
  if (const char* fault = fault_of(header)) {
    return fail(Errc::protocol, "{}", fault);
  }
  return header;
}

void encode(const Credit& credit, std::span<std::byte, Credit::encoded_bytes> out) {
  std::ranges::fill(out, std::byte{0});
  store_le(&out[0], kCreditMagic);
  store_le(&out[8], credit.consumed);
}

Result<Credit> decode_credit(std::span<const std::byte, Credit::encoded_bytes> in) {
  if (load_le<std::uint32_t>(&in[0]) != kCreditMagic || load_le<std::uint32_t>(&in[4]) != 0) {
    return fail(Errc::protocol, "no credit where one belongs");
  }
  return Credit{load_le<std::uint64_t>(&in[8])};
}

}  // namespace cp::transfer
