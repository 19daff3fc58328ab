// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/carrier.hpp"
#include "transfer/client.hpp"
#include "transfer/stream_control.hpp"
#include "transfer/tally.hpp"

#include <future>
#include <optional>
#include <stop_token>
#include <vector>

namespace cp::transfer {

/// Gives a client's session more streams while it runs, when a StreamControl says so: they are
/// opened beside the talk. For the thread that converses.
class MoreStreams {
 public:
  /// Borrows CLIENT, OPENED and TALLY. FIRST carry from the beginning, and until there are no more
  /// ticks. BYTES_PER_SECOND is the rate that was asked for; 0: none.
  MoreStreams(Client& client, const Opened& opened, const Tally& tally, const Carriers& first,
              double bytes_per_second);
  /// Gives up what is being opened.
  ~MoreStreams();
  MoreStreams(const MoreStreams&) = delete;
  MoreStreams& operator=(const MoreStreams&) = delete;

  /// To be called about ten times a second: the streams that stand since the last call.
  Carriers tick();
  /// How many there are.
  std::size_t count() const { return count_; }

 private:
  Carriers take_opened();
  void begin_opening(std::size_t more);
  void decide();
  std::optional<std::chrono::nanoseconds> round_trip_now() const;

  Client& client_;
  const Opened& opened_;
  const Tally& tally_;
  std::vector<int> connections_;  ///< of the first
  std::size_t count_;
  StreamControl control_;
  std::stop_source stop_;
  std::future<Result<Carriers>> opening_;
};

}  // namespace cp::transfer
