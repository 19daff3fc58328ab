// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/frame.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace cp::transfer {

/// The sending end of one stream of chunks. A rail of some kind is one of these and a ChunkReceiver
/// at the far end, and nothing else of the mover knows how it carries bytes. For one thread, but
/// `interrupt` may come from any.
///
/// The receiver grants a window: that many chunks may be on their way. Every chunk that was sent is
/// unfinished until the receiver has placed it; after an error the stream is dead, and whoever
/// holds what was unfinished sends it by another.
class ChunkSender {
 public:
  virtual ~ChunkSender() = default;

  /// Room for the payload of the next chunk (limits::chunk_bytes), waiting until the window allows
  /// it. The same room again until `send`. Errors: timed_out (interrupted, or the peer is gone),
  /// protocol.
  virtual Result<std::span<std::byte>> slot() = 0;

  /// Sends the chunk whose payload is in the slot, as it is to travel; HEADER's sequence is set
  /// here, one more each.
  virtual Result<void> send(ChunkHeader header) = 0;

  /// How many chunks the receiver has placed, as far as it is known.
  virtual std::uint64_t placed() const = 0;

  /// Waits until every chunk that was sent is placed.
  virtual Result<void> drain() = 0;

  /// Makes the call that waits, and all later ones, fail.
  virtual void interrupt() = 0;
};

/// A chunk as it came in: its payload is a private copy that nobody else can change, valid until
/// the next call. It may be compressed (zstd.hpp), and its digest is not checked yet.
struct ReceivedChunk {
  ChunkHeader header;
  std::span<const std::byte> payload;
};

/// The receiving end of one stream. For one thread, but `interrupt` may come from any.
class ChunkReceiver {
 public:
  virtual ~ChunkReceiver() = default;

  /// Waits for the next chunk; nullopt when the stream ended between two chunks, by whoever's will:
  /// what was unfinished the sender knows. Errors: timed_out (cut within a chunk), protocol (no
  /// chunk of ours, or a sequence that is not the next).
  virtual Result<std::optional<ReceivedChunk>> next() = 0;

  /// Tells the sender that the chunk that `next` gave last is placed, which frees its slot.
  virtual Result<void> placed() = 0;

  virtual void interrupt() = 0;
};

}  // namespace cp::transfer
