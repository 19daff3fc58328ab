// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

namespace cp::transfer {

/// Keeps the bytes of a transfer, over all its streams together, below a rate. Safe on any thread.
class Pacer {
 public:
  /// BYTES_PER_SECOND of 0 means no limit.
  explicit Pacer(double bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  /// Waits until what went before has taken its time, or STOP is asked; then BYTES may go. Time in
  /// which nothing went is not made up for.
  void wait(std::size_t bytes, const std::stop_token& stop);

 private:
  const double bytes_per_second_;
  std::mutex mutex_;
  std::condition_variable_any never_;
  SteadyTime free_at_{};  ///< when all that was let through has gone at that rate
};

}  // namespace cp::transfer
