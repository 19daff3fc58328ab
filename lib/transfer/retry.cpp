// SPDX-License-Identifier: Apache-2.0
#include "transfer/retry.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

namespace cp::transfer {
namespace {

constexpr std::chrono::nanoseconds kFirst = std::chrono::milliseconds(100);
constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(10);

}  // namespace

std::optional<std::chrono::nanoseconds> Retry::next() {
  const SteadyTime now = clock_.steady();
  if (!first_) {
    first_ = now;
    pause_ = kFirst;
  }
  const auto left = patience_ - (now - *first_);
  if (left <= std::chrono::nanoseconds(0)) {
    return std::nullopt;
  }
  std::array<std::byte, 1> noise{};
  random_.fill(noise);
  const auto jittered = pause_ / 2 + pause_ / 2 * static_cast<int>(noise[0]) / 255;
  pause_ = std::min(kLongest, pause_ * 2);
  return std::min<std::chrono::nanoseconds>(left, jittered);
}

void Retry::succeeded() { first_.reset(); }

bool pause(std::chrono::nanoseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, pause, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace cp::transfer
