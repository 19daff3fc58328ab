// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/frame.hpp"
#include "transfer/message.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// How far one transfer is, written by many threads and read by the one that reports. Safe on any
/// thread.
class Tally {
 public:
  std::atomic<std::uint64_t> files_found{0};
  std::atomic<std::uint64_t> bytes_found{0};
  std::atomic<bool> walk_ended{false};
  std::atomic<bool> is_finishing{false};  ///< of a receiver: every chunk is placed
  std::atomic<std::uint64_t> files_placed{0};
  std::atomic<std::uint64_t> bytes_placed{0};
  /// There since an earlier attempt, and not sent.
  std::atomic<std::uint64_t> files_skipped{0};
  std::atomic<std::uint64_t> bytes_skipped{0};
  /// Of what was placed: what neither kill nor power cut takes away, as far as it is known.
  std::atomic<std::uint64_t> bytes_durable{0};
  std::atomic<std::uint64_t> bytes_carried{0};  ///< frames, what was sent again included
  /// Of those, the payloads: as they were read, and as they travelled.
  std::atomic<std::uint64_t> payload_plain{0};
  std::atomic<std::uint64_t> payload_carried{0};
  /// What the streams spent their time on, in nanoseconds, all together.
  std::atomic<std::uint64_t> reading_ns{0};
  std::atomic<std::uint64_t> compressing_ns{0};
  std::atomic<std::uint64_t> sending_ns{0};  ///< waiting for a slot included
  std::atomic<std::uint64_t> placing_ns{0};
  std::atomic<std::uint64_t> pacing_ns{0};  ///< held back by the rate that was asked for

  /// "source-disk", "cpu" (compressing), "network", "destination-disk" or "rate-limit": where the
  /// time went; "" while that is open.
  std::string_view bottleneck() const;

  /// For another connection of the same transfer: what was carried stays, all else is found anew.
  void begin_again();

  /// Counts a chunk on its way.
  void carried(const ChunkHeader& chunk);

  void failed(ItemFailed item);
  /// The items that failed since the last call.
  std::vector<ItemFailed> take_failed();

 private:
  std::mutex mutex_;
  std::vector<ItemFailed> failed_;
};

/// What TALLY, of a sender, has to tell.
Totals totals_of(const Tally& tally);

}  // namespace cp::transfer
