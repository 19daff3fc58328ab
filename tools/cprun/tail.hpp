// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/driver.hpp"

#include <memory>
#include <string>

namespace cprun {

/// Copies what a job writes to this process's standard output and standard error, byte for byte, as
/// far as it has come. A new attempt's output follows the one before.
class Tail {
 public:
  explicit Tail(cp::jobs::Launchers& launchers) : launchers_(launchers) {}

  /// Copies what is there of JOB's attempts by now. io when this process's own output fails; a
  /// closed pipe is EPIPE, so `is_closed` says it.
  cp::Result<void> copy(const cp::jobs::Job& job);
  /// The attempts that are copied: from this one on (0: the last), and only standard error or
  /// output.
  void choose(int attempt, bool out, bool err);
  bool is_closed() const { return is_closed_; }

 private:
  struct Source {
    std::unique_ptr<cp::provider::LogReader> out;
    std::unique_ptr<cp::provider::LogReader> err;
  };
  cp::Result<void> copy_attempt(const cp::jobs::Attempt& attempt);
  cp::Result<void> drain(cp::provider::LogReader* reader, int fd);

  cp::jobs::Launchers& launchers_;
  std::string token_;
  Source source_;
  int attempt_ = 0;
  std::size_t next_ = 0;
  bool wants_out_ = true;
  bool wants_err_ = true;
  bool is_closed_ = false;
};

}  // namespace cprun
