// SPDX-License-Identifier: Apache-2.0
#include "transfer/walk_effort.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace cp::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Less than this is no reason to start a thread.
constexpr nanoseconds kWorthIt = milliseconds(3);
// What is farther back counts half, since a tree may lie partly in memory.
constexpr nanoseconds kRemembered = milliseconds(100);

nanoseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

rusage used_by_thread() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return used;
}

}  // namespace

// A thread that never gave the processor up was at most kept from it, by others that need it.
void WalkEffort::add(const Spent& spent) {
  working_ += spent.working;
  if (spent.waits > 0) {
    waiting_ += std::max(nanoseconds(0), spent.elapsed - spent.working);
  }
  if (waiting_ + working_ > kRemembered) {
    waiting_ /= 2;
    working_ /= 2;
  }
}

std::size_t WalkEffort::helpers() const {
  if (waiting_ < kWorthIt || waiting_ < working_) {
    return 0;
  }
  const auto for_each_core = waiting_ / std::max(working_, nanoseconds(1));
  return std::min(most_helpers, 2 * static_cast<std::size_t>(for_each_core));
}

ThreadMeter::ThreadMeter() : began_(std::chrono::steady_clock::now()) {
  const rusage used = used_by_thread();
  working_ = time_of(used.ru_utime) + time_of(used.ru_stime);
  waits_ = used.ru_nvcsw;
}

WalkEffort::Spent ThreadMeter::spent() const {
  const rusage used = used_by_thread();
  return {.elapsed = std::chrono::steady_clock::now() - began_,
          .working = time_of(used.ru_utime) + time_of(used.ru_stime) - working_,
          .waits = used.ru_nvcsw - waits_};
}

}  // namespace cp::transfer
