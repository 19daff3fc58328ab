// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cp {

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
using UnixTime = std::chrono::sys_time<std::chrono::nanoseconds>;
/// A point of the clock that never steps; only differences mean anything.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where the time comes from; tests hand in one of their own. Passive and safe on any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixTime now() const = 0;
  virtual SteadyTime steady() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  UnixTime now() const override;
  SteadyTime steady() const override;
};

/// TIME as RFC 3339 in UTC; the fraction stands only where it is not zero (milli, micro or nano).
std::string format_time(UnixTime time);

/// The time that TEXT (RFC 3339, any offset, up to nine places) names; bad_data otherwise. A leap
/// second counts as the second after it.
Result<UnixTime> parse_time(std::string_view text);

/// TIME as milliseconds since 1970, as sequence numbers of states use it.
std::int64_t unix_milliseconds(UnixTime time);

}  // namespace cp
