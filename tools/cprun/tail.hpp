// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/driver.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cprun {

/// Copies what a job writes to this process's standard output and standard error, byte for byte, as
/// far as it has come. A new attempt's output follows the one before.
class Tail {
 public:
  explicit Tail(cp::jobs::Launchers& launchers) : launchers_(launchers) {}

  /// Copies what is there of JOB's attempts by now, up to some megabytes. True: there is more
  /// already. A job may write faster than we do, and whoever calls has other things to look at,
  /// too. io when this process's own output fails; `is_closed` says whether it is a closed pipe. A
  /// provider that cannot be reached is no error as long as the job goes on, and for two minutes
  /// after that: `problem` says what it was.
  cp::Result<bool> copy(const cp::jobs::Job& job);
  /// The attempts that are copied: from this one on (0: the last), and only standard error or
  /// output.
  void choose(int attempt, bool out, bool err);
  bool is_closed() const { return is_closed_; }
  /// Why the last copy is not all that there was; null when it is.
  const cp::Error* problem() const { return problem_ ? &*problem_ : nullptr; }

 private:
  struct Source {
    std::unique_ptr<cp::provider::LogReader> out;
    std::unique_ptr<cp::provider::LogReader> err;
  };
  cp::Result<bool> copy_attempts(const cp::jobs::Job& job);
  cp::Result<bool> copy_attempt(const cp::jobs::Attempt& attempt);
  cp::Result<bool> drain(cp::provider::LogReader* reader, int fd);

  cp::jobs::Launchers& launchers_;
  std::string token_;
  Source source_;
  std::vector<char> buffer_;
  int attempt_ = 0;
  std::size_t next_ = 0;
  bool wants_out_ = true;
  bool wants_err_ = true;
  bool is_closed_ = false;
  std::optional<cp::Error> problem_;
  std::optional<cp::SteadyTime> ended_behind_;  ///< since when a job that has ended lacks some
};

}  // namespace cprun
