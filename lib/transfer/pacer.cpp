// SPDX-License-Identifier: Apache-2.0
#include "transfer/pacer.hpp"

#include <algorithm>

namespace cp::transfer {

void Pacer::wait(std::size_t bytes, const std::stop_token& stop) {
  if (bytes_per_second_ <= 0) {
    return;
  }
  std::unique_lock lock(mutex_);
  const std::chrono::duration<double> takes(static_cast<double>(bytes) / bytes_per_second_);
  const SteadyTime start = std::max(free_at_, SystemClock().steady());
  free_at_ = start + std::chrono::duration_cast<std::chrono::nanoseconds>(takes);
  never_.wait_until(lock, stop, start, [] { return false; });
}

}  // namespace cp::transfer
