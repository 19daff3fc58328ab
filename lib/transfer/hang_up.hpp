// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace cp::transfer {

/// Watches a connection that nobody reads at the moment, on a thread of its own, and asks to stop
/// when its other end is gone.
class HangUpStop {
 public:
  /// Borrows FD. Stops on OTHER, too.
  HangUpStop(int fd, const std::stop_token& other);

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_;
  std::jthread thread_;
};

}  // namespace cp::transfer
