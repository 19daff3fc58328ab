// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/message.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>

namespace cp::transfer {

/// The receiver's answers on their way to the planner that offers. Safe on any thread.
class Answers {
 public:
  /// One more will come.
  void expect();
  /// protocol for one that nobody expects.
  Result<void> add(Answer answer);
  /// Waits for the next one. timed_out on STOP.
  Result<Answer> next(const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t expected_ = 0;
  std::deque<Answer> answers_;
};

}  // namespace cp::transfer
