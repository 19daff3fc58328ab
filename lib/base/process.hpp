// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cp {

/// A program to be started: no shell is involved anywhere.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] with a slash is a path, else it is looked up in PATH
  std::optional<std::vector<std::string>> environment;  ///< NAME=VALUE; absent: this process's own
  int standard_input = -1;                              ///< borrowed descriptors; -1 is /dev/null
  int standard_output = -1;                             ///< -1 is /dev/null
  int standard_error = -1;                              ///< -1 is /dev/null
  bool own_group = false;                               ///< leads a process group of its own
  bool own_session = false;  ///< leads a session of its own: no terminal, outlives ours
};

/// How a process ended.
struct Exit {
  int code = 0;    ///< its exit code, when SIGNAL is 0
  int signal = 0;  ///< the signal that ended it, or 0
  /// As a shell says it: the code, or 128 + the signal.
  int status() const { return signal != 0 ? 128 + signal : code; }
};

/// Starts COMMAND with default signal dispositions and mask, and all other descriptors closed on
/// exec. not_found (127 in a shell) when there is no such program, denied (126) when it cannot be
/// executed. The caller waits for it.
Result<pid_t> spawn(const Command& command);

/// Waits until PID has ended.
Result<Exit> wait_for(pid_t pid);

struct Captured {
  Exit exit;
  std::string output;
  std::string errors;
};
/// Runs COMMAND with INPUT on its standard input and takes what it prints, limits::captured_bytes
/// of each at most (bad_data past that). timed_out when it has not ended after TIMEOUT, or when
/// STOP is asked; on any error the process is killed, with the group or session that it leads. Its
/// redirections are ours. A program that does not read its input is no error.
Result<Captured> capture(const Command& command, std::string_view input,
                         std::chrono::nanoseconds timeout, std::stop_token stop = {});

/// What tells one process from every other one that ever had its pid: boot id and start time.
struct ProcessIdentity {
  std::string boot_id;
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};
/// The identity of the living process PID; not_found when there is none.
Result<ProcessIdentity> identify(pid_t pid);
/// Whether the very process that IDENTITY names is alive on this boot (a zombie is not).
bool is_alive(const ProcessIdentity& identity);

/// Sends SIGNAL_NUMBER to the very process that IDENTITY names; not_found when it is no more.
Result<void> send_signal(const ProcessIdentity& identity, int signal_number);
/// A descriptor that becomes readable when the very process that IDENTITY names ends; not_found
/// when it has, unavailable where the kernel has no pidfd_open(2) (Linux 5.3).
Result<UniqueFd> watch_end(const ProcessIdentity& identity);

/// This host as others that share a file system with it can tell it apart: its name, and its
/// process namespace, in which pids mean something.
std::string host_identity();

/// PATH, or what execvp(3) takes for it where it is not set.
std::string_view search_path();
/// Whether a directory of PATH (its value) has a file PROGRAM, executable or not. Directories that
/// may not be searched have none.
bool stands_in_path(std::string_view program, std::string_view path);
/// The file that COMMAND names as execvp(3) would find it, or nullopt.
std::optional<std::string> find_in_path(std::string_view program);

}  // namespace cp
