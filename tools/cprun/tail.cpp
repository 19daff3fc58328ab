// SPDX-License-Identifier: Apache-2.0
#include "tail.hpp"

#include "base/fd.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::provider::Stream;

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;
constexpr int kBuffersAtOnce = 16;

}  // namespace

void Tail::choose(int attempt, bool out, bool err) {
  attempt_ = attempt;
  wants_out_ = out;
  wants_err_ = err;
}

Result<bool> Tail::copy(const cp::jobs::Job& job) {
  for (; next_ < job.attempts.size(); ++next_) {
    const auto& attempt = job.attempts[next_];
    const bool is_wanted = attempt_ == 0 || attempt.n == attempt_;
    if (is_wanted && attempt.submitted_at) {
      CP_TRY_ASSIGN(const bool more, copy_attempt(attempt));
      if (more) {
        return true;
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
    CP_TRY_ASSIGN(const std::size_t count, reader->read(buffer_));
    if (count == 0) {
      return false;
    }
    const auto written = cp::write_all(fd, {buffer_.data(), count});
    if (!written) {
      is_closed_ = errno == EPIPE;
      return cp::fail(Errc::io, "cannot write standard {}: {}",
                      fd == STDOUT_FILENO ? "output" : "error", written.error().message);
    }
  }
  return true;
}

}  // namespace cprun
