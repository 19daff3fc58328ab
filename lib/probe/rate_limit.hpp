// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "net/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cp::probe {

/// How much may pass: packets and octets in a second, and as many at once as a tenth of a second
/// holds (a packet and a largest datagram at least).
struct Rate {
  double packets_per_s = 0;
  double bytes_per_s = 0;
};

/// A token bucket for packets and octets together. Passive: the caller says what time it is.
class TokenBucket {
 public:
  /// Takes one packet of BYTES at NOW out of what RATE has let in since the last call; false, and
  /// nothing taken, when there is not enough. A bucket begins full.
  bool take(const Rate& rate, std::size_t bytes, SteadyTime now);

 private:
  SteadyTime filled_ = SteadyTime::min();
  double packets_ = 0;
  double bytes_ = 0;
};

/// A bucket for each source, in a table of fixed size: where a set of sources is full, the one that
/// was silent longest makes room, and begins anew with a full bucket. An attacker who uses that
/// must pass the bucket of all sources together. An IPv6 source is its /64, as hosts have whole
/// ones.
class SourceLimiter {
 public:
  /// SEED keeps others from choosing addresses that share a set.
  explicit SourceLimiter(std::uint64_t seed);
  bool take(const net::IpAddress& source, const Rate& rate, std::size_t bytes, SteadyTime now);

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = 1024;
  struct Entry {
    net::IpAddress source;
    bool is_used = false;
    SteadyTime seen = SteadyTime::min();
    TokenBucket bucket;
  };
  using Set = std::array<Entry, kWays>;
  Entry& entry_of(const net::IpAddress& source);

  std::uint64_t seed_;
  std::vector<Set> sets_;
};

}  // namespace cp::probe
