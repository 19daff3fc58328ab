// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cp::probe {

/// When a sender's packets are due: slot i at start + i × interval, whatever became of the packets
/// before it (open loop). A slot whose turn comes only after the next one was due is *missed*: it
/// is counted and left out, since a burst would measure the sender's own queue, and a slot that is
/// silently dropped would make a stalled sender look like a quiet network. Pure; not thread-safe.
class Schedule {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  /// COUNT slots (0: without end) from START on, INTERVAL (> 0) apart.
  Schedule(SteadyTime start, Nanoseconds interval, std::uint64_t count);

  /// Whether all slots have been taken or missed.
  bool is_done() const { return count_ != 0 && next_ >= count_; }
  /// When the next slot is due.
  SteadyTime due() const { return start_ + interval_ * static_cast<std::int64_t>(next_); }
  /// The slot that is to be sent at NOW: the newest one that is due, older ones are missed; nullopt
  /// when none is due.
  struct Slot {
    std::uint64_t index = 0;
    SteadyTime planned;
  };
  std::optional<Slot> take(SteadyTime now);

  /// Slots taken or missed so far.
  std::uint64_t passed() const { return next_; }
  std::uint64_t missed() const { return missed_; }

 private:
  SteadyTime start_;
  Nanoseconds interval_;
  std::uint64_t count_;
  std::uint64_t next_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace cp::probe
