// SPDX-License-Identifier: Apache-2.0
#include "probe/schedule.hpp"

#include <algorithm>

namespace cp::probe {

Schedule::Schedule(SteadyTime start, Nanoseconds interval, std::uint64_t count)
    : start_(start), interval_(interval), count_(count) {}

std::optional<Schedule::Slot> Schedule::take(SteadyTime now) {
  if (is_done() || now < due()) {
    return std::nullopt;
  }
  auto newest = static_cast<std::uint64_t>((now - start_) / interval_);
  newest = count_ == 0 ? newest : std::min(newest, count_ - 1);
  missed_ += newest - next_;
  next_ = newest;
  const Slot slot{next_, due()};
  ++next_;
  return slot;
}

}  // namespace cp::probe
