// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "provider/launcher.hpp"
#include "provider/script.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace cp::provider::shell {

/// The directory of all jobs at a place, and what scripts for POSIX sh do in it: there the wrappers
/// of jobs take their tokens and leave their records. On this machine it lies in the state
/// directory; on another, below the home directory there, under a name of its own that is
/// remembered here: where that is not found again, nothing can be said about any job. A host that
/// could not be reached is left alone for a while, longer each time. Not thread-safe.
class JobRoot {
 public:
  /// NAME is the type of provider that has it; PRELUDE stands before each script.
  JobRoot(Place place, std::string state_directory, std::string name, std::string_view prelude);

  /// The host that it is on, or null for this machine.
  const Place* far() const { return place_.host ? &place_ : nullptr; }
  const Place& place() const { return place_; }
  /// Of this machine; "" on another.
  const std::string& path() const { return path_; }

  /// What SCRIPT prints, as `run_script`; in it $r is the directory, $t TOKEN, $d the token's
  /// directory in $r, and `give_up REASON` ends it. unavailable, too, where the directory is not
  /// the one that it was.
  Result<std::string> ask(const Token& token, std::string_view script, const std::stop_token& stop,
                          std::string_view input = {});
  /// As `ask`, for a script that prints "whole" in its last line, which is left out: unavailable
  /// when it did not get there, failed with the reason when it gave up.
  Result<std::string> run(const Token& token, std::string_view script, const std::stop_token& stop,
                          std::string_view input = {});

  /// These are as Launcher has them.
  Result<std::string> make_directory(const Token& token, const std::string& workdir,
                                     const std::stop_token& stop);
  Result<void> renew(const Token& token);
  Result<void> remove_directory(const Token& token, const std::stop_token& stop);
  Result<void> remove_empty_directory(const Token& token, const std::stop_token& stop);
  /// Borrows this where it is on another host.
  Result<std::unique_ptr<LogReader>> open_log(const Token& token, Stream stream);

 private:
  Result<std::string> beginning(const Token& token, const std::stop_token& stop);
  Result<std::string> identity(const std::stop_token& stop);
  Result<std::string> call(std::string_view script, const std::stop_token& stop,
                           std::string_view input);
  std::string memory() const;

  Place place_;
  std::string state_directory_;
  std::string name_;
  std::string prelude_;
  std::string path_;
  std::string identity_;  ///< of a directory on another host; "" is not known yet
  std::optional<Error> failure_;
  SteadyTime not_before_{};
  std::chrono::nanoseconds pause_{};
};

/// What stands before a script of `submit`: makes the job's directory as `make_directory` does,
/// fills $d/script with the standard input, BYTES long, or prints "busy" when that was cut, and has
/// the job's streams lead to OUT and ERR, paths of a Task.
std::string place_script(std::size_t bytes, const std::string& out, const std::string& err);

/// TASK with its token in its environment, by which its processes are found.
Task with_token(Task task);

/// The error of a call that may have done its work before it failed: unavailable, unless the script
/// itself has said that it gave up.
tl::unexpected<Error> perhaps_done(Error error);

}  // namespace cp::provider::shell
