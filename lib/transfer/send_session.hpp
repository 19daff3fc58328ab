// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/compression.hpp"
#include "transfer/compressors.hpp"
#include "transfer/control.hpp"
#include "transfer/have.hpp"
#include "transfer/rail.hpp"
#include "transfer/source.hpp"
#include "transfer/sync.hpp"
#include "transfer/tally.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// What sending to a peer needs.
struct SendParts {
  Control& control;                    ///< borrowed
  const std::vector<Source>& sources;  ///< borrowed
  Selection selection;
  Preserve preserve;
  bool knows_extras = true;  ///< the far end does (Planner)
  Sync sync;
  Deletion deletion = Deletion::none;
  double bytes_per_second = 0;               ///< on the wire at most; 0: as fast as it goes
  Compression compression = no_compression;  ///< that the far end agreed to
  Compressors* compressors = nullptr;        ///< borrowed; nullptr: they are its own
  std::vector<std::unique_ptr<ChunkSender>> streams;
  /// Called at each tick: those that are to carry, too, from now on. Nobody: there are none.
  std::function<std::vector<std::unique_ptr<ChunkSender>>()> more_streams;
  /// Follows what the peer says about rails that join. Nobody: that breaks the protocol.
  std::function<Result<void>(const Message&)> rail_message;
  Tally& tally;             ///< borrowed
  std::string destination;  ///< stands before the paths that the receiver could not take
  std::chrono::nanoseconds silence{};
  std::function<void()> tick;       ///< called about ten times a second on the caller's thread
  const HaveTable* have = nullptr;  ///< borrowed: what the receiver has told that it has
};

/// Hears what the receiver behind CONTROL has from earlier attempts.
Result<HaveTable> hear_have(Control& control);

/// Sends the sources to the peer behind the control connection and returns what stands there at the
/// end. An error is what ended it early: the peer's own, timed_out (the peer is gone or silent, or
/// STOP was asked), protocol.
Result<FinalResult> send_all(SendParts parts, std::stop_token stop);

}  // namespace cp::transfer
