// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_paces.hpp"

namespace cp::transfer {
namespace {

constexpr double kHardlyLonger = 1e8;  // a tenth of a second is not worth idle streams
constexpr double kFaster = 0.5;
constexpr double kLatestShare = 0.5;

}  // namespace

void StreamPaces::took(Stream stream, std::chrono::nanoseconds took) {
  const auto now = static_cast<double>(took.count());
  const std::scoped_lock lock(mutex_);
  const auto [pace, is_first] = paces_.emplace(stream, now);
  pace->second += is_first ? 0 : kLatestShare * (now - pace->second);
}

void StreamPaces::remove(Stream stream) {
  const std::scoped_lock lock(mutex_);
  paces_.erase(stream);
}

bool StreamPaces::should_take(Stream stream, std::size_t left) const {
  const std::scoped_lock lock(mutex_);
  const auto own = paces_.find(stream);
  if (own == paces_.end() || own->second < kHardlyLonger) {
    return true;
  }
  double taken_by_others = 0;
  for (const auto& [other, pace] : paces_) {
    if (pace < kFaster * own->second && pace > 0) {
      // Less what it sends already.
      taken_by_others += own->second / pace - 1;
    }
  }
  return taken_by_others < static_cast<double>(left);
}

}  // namespace cp::transfer
