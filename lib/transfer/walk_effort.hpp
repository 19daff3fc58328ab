// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace cp::transfer {

/// How many threads pay beside the one that walks. A file system that answers from memory keeps one
/// busy; one that lets it wait, for a network or a disk, could answer many at once, however few
/// cores there are. Passive; not thread-safe.
class WalkEffort {
 public:
  static constexpr std::size_t most_helpers = 15;

  /// What one thread spent on a piece of the walk.
  struct Spent {
    std::chrono::nanoseconds elapsed{};
    std::chrono::nanoseconds working{};  ///< of a processor
    long waits = 0;                      ///< times that it gave the processor up by itself
  };

  void add(const Spent& spent);
  /// Between 0 and most_helpers.
  std::size_t helpers() const;

 private:
  std::chrono::nanoseconds waiting_{};
  std::chrono::nanoseconds working_{};
};

/// What the calling thread spends between its making and `spent`.
class ThreadMeter {
 public:
  ThreadMeter();
  WalkEffort::Spent spent() const;

 private:
  std::chrono::steady_clock::time_point began_;
  std::chrono::nanoseconds working_;
  long waits_;
};

}  // namespace cp::transfer
