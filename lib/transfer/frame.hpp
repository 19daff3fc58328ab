// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cp::transfer {

/// What stands before the payload of each chunk, on every rail alike: 128 bytes, little endian.
///
///   0 magic "CPXC"   4 version   5 flags   6 header length   8 sequence (8)   16 id (8)
///   24 offset (8)   32 plain length (4)   36 length on the wire (4)   40 digest of the plain
///   payload (16)   56 tag of a sealed one (seal.hpp), else zero (16)   72 reserved, zero (56)
///
/// A file's chunk has the id of its entry and an offset that is a multiple of a leaf; a pack's id
/// counts the packs, and its offset is 0.
struct ChunkHeader {
  static constexpr std::size_t encoded_bytes = 128;

  bool is_pack = false;
  std::uint64_t sequence = 0;  ///< from 1 on, one more each on its stream
  std::uint64_t id = 0;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  ///< plain payload bytes, 1 to limits::chunk_bytes
  Digest digest;             ///< leaf digest of the plain payload
  /// Of a compressed payload (zstd.hpp): its bytes as they travel, fewer than `length`; else 0.
  std::uint32_t compressed = 0;

  bool is_compressed() const { return compressed != 0; }
  /// Payload bytes that follow the header.
  std::uint32_t on_wire() const { return is_compressed() ? compressed : length; }

  friend bool operator==(const ChunkHeader&, const ChunkHeader&) = default;
};

void encode(const ChunkHeader& header, std::span<std::byte, ChunkHeader::encoded_bytes> out);

/// protocol, with what is wrong, for bytes that no sender of ours writes.
Result<ChunkHeader> decode_chunk_header(std::span<const std::byte, ChunkHeader::encoded_bytes> in);

/// What the receiver of chunks answers on the same stream: how many it has consumed so far. Whoever
/// sends keeps at most the granted window of chunks unanswered; slots are free again by it.
struct Credit {
  static constexpr std::size_t encoded_bytes = 16;
  std::uint64_t consumed = 0;  ///< the sequence of the last chunk that is placed
};

void encode(const Credit& credit, std::span<std::byte, Credit::encoded_bytes> out);
Result<Credit> decode_credit(std::span<const std::byte, Credit::encoded_bytes> in);

}  // namespace cp::transfer
