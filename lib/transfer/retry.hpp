// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <stop_token>

namespace cp::transfer {

/// How long to wait between attempts to come back: twice as long each time, up to 10 s, no two
/// alike among many clients of one server; and not at all once PATIENCE has passed without success.
/// For one thread.
class Retry {
 public:
  /// Borrows CLOCK and RANDOM.
  Retry(std::chrono::nanoseconds patience, const Clock& clock, Random& random)
      : patience_(patience), clock_(clock), random_(random) {}

  /// The next pause; nullopt when it is time to give up.
  std::optional<std::chrono::nanoseconds> next();
  /// There was success: patience and pauses begin anew.
  void succeeded();

 private:
  std::chrono::nanoseconds patience_;
  const Clock& clock_;
  Random& random_;
  std::optional<SteadyTime> first_;
  std::chrono::nanoseconds pause_{};
};

/// Sleeps for PAUSE; false when STOP was asked.
bool pause(std::chrono::nanoseconds pause, const std::stop_token& stop);

}  // namespace cp::transfer
