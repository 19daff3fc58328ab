// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <string_view>

/// A clock that stands still until a test moves it.
class FixedClock final : public cp::Clock {
 public:
  explicit FixedClock(std::string_view time) : now_(cp::parse_time(time).value()) {}

  cp::UnixTime now() const override { return now_; }
  cp::SteadyTime steady() const override { return cp::SteadyTime(now_.time_since_epoch()); }
  void move(std::chrono::nanoseconds by) { now_ += by; }

 private:
  cp::UnixTime now_;
};
