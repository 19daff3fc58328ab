// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/limits.hpp"
#include "transfer/transfer.hpp"

#include <chrono>
#include <cstdint>

namespace cp::transfer {

/// Streams that every session begins with where nothing speaks for another number: one reads and
/// sends while the other waits for the disk; more compete for the same cores.
inline constexpr int usual_streams = 2;

/// What a session begins with on its path.
struct PathPlan {
  int streams = usual_streams;                  ///< at once
  int more = 0;                                 ///< that may join while data moves (StreamControl)
  std::uint32_t window = limits::window_slots;  ///< chunks on their way on each stream
};

/// What is known of a path before data moves, and what was asked for.
struct PathFacts {
  std::chrono::nanoseconds round_trip{};
  RailChoice rail = RailChoice::tcp;  ///< never automatic
  int streams = 0;                    ///< fixed by the user; 0: not
  bool is_to_stream = false;          ///< what arrives has to come in its order
  /// What is sent stays in memory until it is placed: it cannot be read again.
  bool is_from_stream = false;
};

/// What fits FACTS. Chunks on their way fill a line of 10 Gbit/s over its round trip, and a short
/// path's receiver. Streams are two on a short path, where more compete for the same cores, and
/// more the longer it is: what each loses, and what the system's buffers hold back, takes longer to
/// make up for.
PathPlan plan_path(const PathFacts& facts);

}  // namespace cp::transfer
