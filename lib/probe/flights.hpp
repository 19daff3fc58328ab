// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace cp::probe {

/// What is remembered of one packet that was sent.
struct Flight {
  enum class State : std::uint8_t { none, open, answered, lost };

  std::uint32_t sequence = 0;
  State state = State::none;
  bool is_wild = false;         ///< the clocks disagreed over it
  std::uint64_t time_bits = 0;  ///< T1 as it stands in the packet
  UnixTime sent_real;           ///< T1
  SteadyTime planned;
  SteadyTime sent;
  UnixTime arrived_real;
  std::optional<UnixTime> left;                       ///< the kernel's transmit stamp
  std::optional<UnixTime> came;                       ///< the kernel's receive stamp of the answer
  std::optional<std::chrono::nanoseconds> residence;  ///< T3 − T2
};

/// The packets on their way and the last ones that no longer are: a ring of fixed size by sequence
/// number. Sequence numbers are given out one after the other and may wrap. Not thread-safe.
class Flights {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 18;

  /// A ring that holds NEEDED flights (kMost at most), the first of which is FIRST_SEQUENCE.
  Flights(std::size_t needed, std::uint32_t first_sequence);

  /// The place for the next packet, with its sequence number, which is used up by `launch`.
  Flight& next();
  void launch() { ++next_; }
  /// The flight of SEQUENCE, or null when it was never sent, or too long ago to remember.
  Flight* find(std::uint32_t sequence);

  /// How many packets have been launched.
  std::uint64_t launched() const { return next_; }
  /// Launched and not retired.
  std::uint64_t open() const { return next_ - oldest_; }
  /// The oldest flight that is not retired; there is one.
  Flight& oldest() { return at(oldest_); }
  const Flight& oldest() const { return ring_[oldest_ & mask_]; }
  void retire() { ++oldest_; }

 private:
  Flight& at(std::uint64_t index) { return ring_[index & mask_]; }

  std::vector<Flight> ring_;
  std::uint64_t mask_;
  std::uint32_t first_;
  std::uint64_t next_ = 0;
  std::uint64_t oldest_ = 0;
};

}  // namespace cp::probe
