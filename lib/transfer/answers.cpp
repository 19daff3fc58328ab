// SPDX-License-Identifier: Apache-2.0
#include "transfer/answers.hpp"

namespace cp::transfer {

void Answers::expect() {
  const std::scoped_lock lock(mutex_);
  ++expected_;
}

Result<void> Answers::add(Answer answer) {
  const std::scoped_lock lock(mutex_);
  if (expected_ == 0) {
    return fail(Errc::protocol, "an answer that nobody asked for");
  }
  --expected_;
  answers_.push_back(std::move(answer));
  changed_.notify_all();
  return {};
}

Result<Answer> Answers::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return !answers_.empty(); })) {
    return fail(Errc::timed_out, "interrupted");
  }
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

}  // namespace cp::transfer
