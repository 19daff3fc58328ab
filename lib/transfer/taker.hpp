// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/frame.hpp"
#include "transfer/held_key.hpp"
#include "transfer/message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cp::transfer {

/// The receiving end of one transfer: a tree of files (Receiver), or a stream that one file goes to
/// (StreamOut). What the peer says is hostile: every path, length and id is judged. An error is the
/// end of the transfer. Safe on any thread.
class Taker {
 public:
  virtual ~Taker() = default;

  /// Of the transfer: that of the first attempt, when this one goes on with it.
  virtual const std::string& id() const = 0;
  /// From 1 on.
  virtual std::uint64_t attempt() const = 0;
  /// What earlier attempts left, in messages that end with a last one. Before anything is taken.
  virtual std::vector<Have> have() const = 0;

  /// A directory, a link, or a file that will travel alone.
  virtual Result<void> add(const Entry& entry) = 0;
  /// Files of `have` that count as they stand. protocol for others.
  virtual Result<void> keep(const Kept& kept) = 0;
  /// Looks at what stands where those files would land; the answer goes to the events.
  virtual Result<void> offer(const Offer& offer) = 0;
  /// Files that count as they stand. protocol for others.
  virtual Result<void> take(const Same& same) = 0;
  virtual Result<void> take(const Present& present) = 0;
  /// A chunk whose digest was checked over the very bytes of PAYLOAD. A chunk that is there already
  /// is passed over. Waits until its file was announced.
  virtual Result<void> take(const ChunkHeader& header, std::span<const std::byte> payload) = 0;
  virtual Result<void> end(const FileEnd& end) = 0;
  /// An item failed at its source, the file ID when that is not 0.
  virtual void failed_at_source(std::uint64_t id) = 0;

  /// After everything was taken: makes it durable, and tells what stands. protocol when a file is
  /// not whole.
  virtual Result<FinalResult> finish() = 0;
  /// Instead of `finish`, when the transfer ended early and no `take` runs any more: what is whole
  /// stays.
  virtual void keep_whole() = 0;
  /// Whether this one has to end, since another waits for what it holds: the same transfer, which
  /// has come back, or one like it, while nothing is HEARD of whoever this one is for. To be asked
  /// about ten times a second, by one thread.
  virtual bool is_asked_for(const LastHeard& heard) = 0;
  /// Lets no `take` wait any longer.
  virtual void interrupt() = 0;
};

}  // namespace cp::transfer
