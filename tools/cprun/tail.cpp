// SPDX-License-Identifier: Apache-2.0
#include "tail.hpp"

#include "base/fd.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <unistd.h>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::provider::Stream;

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;
constexpr int kBuffersAtOnce = 16;
constexpr std::chrono::minutes kPatience{2};

// Of this machine's own files no error is one of these.
bool is_out_of_reach(const cp::Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::timed_out ||
         error.code == Errc::protocol;
}

}  // namespace

void Tail::choose(int attempt, bool out, bool err) {
  attempt_ = attempt;
  wants_out_ = out;
  wants_err_ = err;
}

Result<bool> Tail::copy(const cp::jobs::Job& job) {
  problem_.reset();
  CP_TRY_ASSIGN(const bool more, copy_attempts(job));
  if (!problem_ || !job.has_ended()) {
    ended_behind_.reset();
    return more;
  }
  const auto now = cp::SystemClock().steady();
  ended_behind_ = ended_behind_.value_or(now);
  if (now - *ended_behind_ > kPatience) {
    return cp::fail(problem_->code, "cannot read the job's output: {}", problem_->message);
  }
  return more;
}

Result<bool> Tail::copy_attempts(const cp::jobs::Job& job) {
  for (; next_ < job.attempts.size(); ++next_) {
    const auto& attempt = job.attempts[next_];
    const bool is_wanted = attempt_ == 0 || attempt.n == attempt_;
    if (is_wanted && attempt.submitted_at) {
      CP_TRY_ASSIGN(const bool more, copy_attempt(attempt));
      if (more || problem_) {
        return more;
      }
    }
    if (!cp::model::is_terminal(attempt.state)) {
      return false;
    }
  }
  return false;
}

Result<bool> Tail::copy_attempt(const cp::jobs::Attempt& attempt) {
  CP_TRY_ASSIGN(cp::provider::Launcher* const launcher, launchers_.at(attempt.at.url));
  if (token_ != attempt.token) {
    token_ = attempt.token;
    source_ = {};
  }
  const auto open = [&](std::unique_ptr<cp::provider::LogReader>& reader, Stream stream) {
    auto opened = launcher->open_log(attempt.token, stream);
    reader = opened ? *std::move(opened) : nullptr;
    if (!opened && is_out_of_reach(opened.error())) {
      problem_ = opened.error();
    }
  };
  if (wants_out_ && !source_.out) {
    open(source_.out, Stream::out);
  }
  if (wants_err_ && !source_.err) {
    open(source_.err, Stream::err);
  }
  CP_TRY_ASSIGN(const bool more_errors, drain(source_.err.get(), STDERR_FILENO));
  CP_TRY_ASSIGN(const bool more_output, drain(source_.out.get(), STDOUT_FILENO));
  return more_errors || more_output;
}

Result<bool> Tail::drain(cp::provider::LogReader* reader, int fd) {
  if (reader == nullptr) {
    return false;
  }
  buffer_.resize(kBufferBytes);
  for (int i = 0; i < kBuffersAtOnce; ++i) {
    const auto count = reader->read(buffer_);
    if (!count && is_out_of_reach(count.error())) {
      problem_ = count.error();
      return false;
    }
    CP_TRY(count);
    if (*count == 0) {
      return false;
    }
    const auto written = cp::write_all(fd, {buffer_.data(), *count});
    if (!written) {
      is_closed_ = errno == EPIPE;
      return cp::fail(Errc::io, "cannot write standard {}: {}",
                      fd == STDOUT_FILENO ? "output" : "error", written.error().message);
    }
  }
  return true;
}

}  // namespace cprun
