// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cp::transfer {

/// Decides when a transfer gets more streams. When those that it has wait for the network, no
/// longer get faster by themselves, and nothing queues up on the line, it asks for half as many; as
/// long as that pays for itself it goes on, and when it does not it waits until less arrives than
/// the line has carried, as it does when streams recover too slowly from what they lost. Entirely
/// passive; for one thread.
class StreamControl {
 public:
  /// What an end knows, all together since its start.
  struct Moment {
    SteadyTime now;
    std::size_t streams = 1;  ///< that carry
    std::uint64_t bytes = 0;  ///< that have arrived
    /// What the streams spent on anything but the network: reading, compressing, placing, and being
    /// held back by a rate that was asked for.
    std::chrono::nanoseconds elsewhere{};
    std::optional<std::chrono::nanoseconds> round_trip;  ///< lately, where that is known
  };

  /// Up to MOST streams, over a path of ROUND_TRIP; it begins NOW. No more are wanted while
  /// ENOUGH bytes a second arrive, the rate that was asked for; 0: there is none.
  StreamControl(std::size_t most, std::chrono::nanoseconds round_trip, SteadyTime now,
                double enough = 0);

  /// Whether there is enough to decide on at MOMENT. It is to be asked often.
  bool is_due(const Moment& moment);
  /// How many streams to open now, when that is due. Nothing is due again before they carry.
  std::size_t decide(const Moment& moment);
  /// They could not be opened: there will be no more.
  void cannot_open() { most_ = 0; }

 private:
  void settle(const Moment& moment);
  bool is_past(double share, const Moment& moment) const;
  bool is_climbing(const Moment& moment) const;
  bool is_full(const Moment& moment) const;
  bool is_enough(const Moment& moment) const;
  bool should_grow(const Moment& moment, double rate);

  std::size_t most_;
  const double enough_;
  const std::chrono::nanoseconds round_trip_;
  const std::chrono::nanoseconds settling_;
  const std::chrono::nanoseconds period_;
  Moment begin_;                  ///< of the period
  std::optional<Moment> middle_;  ///< of it, once that is past
  bool is_judging_ = false;
  bool is_settled_ = false;
  std::size_t expected_ = 0;  ///< streams that are being opened
  double before_ = 0;         ///< bytes a nanosecond, before the last ones came
  double last_ = 0;           ///< of the period before
  double best_ = 0;
  bool is_content_ = false;  ///< the last ones brought nothing
  SteadyTime hold_until_{};
  std::chrono::nanoseconds hold_;
};

}  // namespace cp::transfer
