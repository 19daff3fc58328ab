// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/limits.hpp"
#include "transfer/rail.hpp"
#include "transfer/seal.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Frames on rails that carry each in one piece, in clear text or sealed.
namespace cp::transfer {

inline constexpr std::size_t whole_frame_bytes = ChunkHeader::encoded_bytes + limits::chunk_bytes;

/// Writes frames and credits, with KEY or, when that is empty, in clear text. For one thread.
class FrameWriter {
 public:
  explicit FrameWriter(std::string_view key) : sealer_(keyed<FrameSealer>(key)) {}

  /// The room for a payload in SLOT, of whole_frame_bytes.
  static std::span<std::byte> payload_of(std::span<std::byte> slot) {
    return slot.subspan(ChunkHeader::encoded_bytes);
  }
  /// Makes a frame of HEADER and of the payload that is in SLOT; what is to travel of it.
  std::span<const std::byte> write(const ChunkHeader& header, std::span<std::byte> slot);
  /// Writes CREDIT to OUT; what is to travel of it.
  std::span<const std::byte> write(const Credit& credit,
                                   std::span<std::byte, sealed_credit_bytes> out);

 private:
  std::optional<FrameSealer> sealer_;
};

/// Where a frame lies that came in.
enum class FrameHome : std::uint8_t {
  own,     ///< in memory that nobody else can change until the slot is granted again
  shared,  ///< in memory that the peer can write to at any time
};

/// Opens the frames of one stream, in their order. For one thread.
class FrameReader {
 public:
  FrameReader(std::string_view key, FrameHome home);

  /// The chunk of FRAME, with a payload that nobody can change, valid until the next call and, with
  /// FrameHome::own, as long as FRAME. protocol for what is no frame, or not the next one.
  Result<ReceivedChunk> read(std::span<const std::byte> frame);
  /// How many were read.
  std::uint64_t sequence() const { return sequence_; }

 private:
  Result<ReceivedChunk> read_clear(std::span<const std::byte> payload);
  Result<ReceivedChunk> read_sealed(std::span<const std::byte> payload);

  std::optional<FrameOpener> opener_;
  FrameHome home_;
  std::array<std::byte, ChunkHeader::encoded_bytes> head_{};
  std::vector<std::byte> private_;
  std::uint64_t sequence_ = 0;
};

/// Reads the credits of one stream, in their order. For one thread.
class CreditReader {
 public:
  explicit CreditReader(std::string_view key) : opener_(keyed<FrameOpener>(key)) {}

  /// How many bytes one has.
  std::size_t size() const { return opener_ ? sealed_credit_bytes : Credit::encoded_bytes; }
  /// Takes the credit in BYTES (`size`), of a sender that has sent SENT chunks. protocol for one
  /// that nobody of ours gives.
  Result<void> take(std::span<const std::byte> bytes, std::uint64_t sent);
  /// How many chunks are placed, as far as it is known.
  std::uint64_t placed() const { return placed_; }

 private:
  std::optional<FrameOpener> opener_;
  std::uint64_t placed_ = 0;
};

}  // namespace cp::transfer
