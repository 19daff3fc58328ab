// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

namespace cp::transfer {

/// What several threads did together.
struct Effort {
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{};
  std::chrono::nanoseconds cpu{};  ///< of those threads alone

  /// 0 when it took no time.
  double bits_per_second() const;
  /// Seconds of a processor for 10^9 bytes; 0 without bytes.
  double cpu_per_gigabyte() const;
};

/// When threads are given up on.
struct EffortBounds {
  SteadyTime latest{};
  std::stop_token stop{};
  std::string_view late = "it did not end in time";  ///< what is said then
  /// Makes what the threads wait for fail.
  std::function<void()> interrupt = [] {};
};

/// Runs WORK on THREADS threads at once, each with its number and a token that asks it to end
/// early, and adds up the bytes that they return. The first error is that of all. timed_out when
/// they did not end in time, or on the bounds' stop; they have ended when it returns.
Result<Effort> work_together(
    std::size_t threads,
    const std::function<Result<std::uint64_t>(std::size_t, const std::stop_token&)>& work,
    const EffortBounds& bounds);

}  // namespace cp::transfer
