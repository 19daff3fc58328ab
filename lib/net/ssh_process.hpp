// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/fd_stream.hpp"
#include "net/ssh.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <thread>

namespace cp::net {

/// A call of ssh that runs: what it says on its standard error is kept, and it is waited for. It
/// ends by itself when its standard input and output are closed; one that does not is ended.
class SshProcess {
 public:
  explicit SshProcess(pid_t pid, UniqueFd errors, UniqueFd ending);
  ~SshProcess();
  SshProcess(const SshProcess&) = delete;
  SshProcess& operator=(const SshProcess&) = delete;

  /// Why it failed, after giving it a moment to say so: the last line of what it and the far
  /// program said, and the kind of failure. nullopt when it said nothing.
  std::optional<Error> last_words();
  /// The same, with what the user of HOST types to mend it.
  std::optional<Error> last_words(const SshHost& host);

 private:
  void listen();
  bool has_ended_within(std::chrono::milliseconds patience);

  pid_t pid_;
  UniqueFd errors_;
  UniqueFd ending_;
  std::thread listener_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable heard_;
  std::string said_;
  bool heard_all_ = false;
  std::optional<int> status_;
};

/// A program of POSIX sh that runs on another machine.
struct SshProgram {
  std::unique_ptr<Stream> stream;       ///< its standard input and output
  std::shared_ptr<SshProcess> process;  ///< the stream holds it, too
};

/// Runs SCRIPT, a text of ours for POSIX sh, on HOST, with the C locale; nothing of it stands on a
/// command line, neither here nor there. What start-up files print before it begins is skipped.
/// The script finds in its standard input what is sent by the stream. Its output begins with what
/// it prints. not_found (no such host), denied, unavailable, timed_out after PATIENCE (0: never) or
/// on STOP, bad_config, protocol.
Result<SshProgram> run_by_ssh(const SshSettings& settings, const SshHost& host, SshSharing sharing,
                              const std::string& control_path, std::string_view script,
                              std::chrono::nanoseconds patience, const std::stop_token& stop);

}  // namespace cp::net
