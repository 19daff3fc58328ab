// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <string>
#include <string_view>

/// A job's own shell at a provider where nothing of ours is installed: a script for POSIX sh that a
/// batch system starts, and the files that it leaves for whoever asks later.
namespace cp::provider::shell {

/// WORD as one word of POSIX sh, byte for byte. It holds no NUL.
std::string word_of(std::string_view word);

/// PATH of a task as a word of sh, where $d is its directory in ROOT: "" is the job's own
/// directory, $d/work, and what is relative lies below that.
std::string at_job(const std::string& path);

/// What a job's shell is told by whoever starts it, and hands on.
struct Surroundings {
  std::string_view job_id;  ///< the variable that tells its number of the job; "": its own process
  std::string_view kept;    ///< variables that begin so reach the program; "": none do
  std::string_view login;   ///< names of variables, with blanks between, that reach it where set
};

/// The script that runs TASK. Its first argument is the directory ROOT of all jobs there; a batch
/// system starts it as often as it likes: the first to take ROOT/fences/TOKEN runs the program, the
/// others end without effect (SECURITY §8). Its output goes to ROOT/TOKEN/stdout and stderr, which
/// may be links. In ROOT/TOKEN it leaves `started`, and `ended` with what became of the program; it
/// keeps time limit and lease, and ends what is left of the job's processes, which it knows by
/// CP_JOB_TOKEN in their environment. The fence says who holds it: job, host, boot and start, as
/// `self_functions` tells them. With the second argument `run` it closes descriptor 3 when it has
/// the fence; with `stop` it ends the job that another one runs, as canceled.
std::string wrapper(const Task& task, const Surroundings& around);

/// A text of sh that defines `boot`, which prints what differs from one start of the machine to the
/// next, and `begun PID`, which prints when a process began, or
/// that it has ended; "-" where nobody can tell.
std::string_view self_functions();

/// A text of sh that defines `others`, which prints the processes of the token $t, `tell_all
/// SIGNAL`, which sends it to them, and `end_left`, which kills them all.
std::string_view ending_functions();

/// A text of sh that defines `take NONCE LINES`: takes the fence of the token $t below $r, where
/// LINES stand in it after NONCE, and is true when it is ours. Hard links are made where there are
/// any, and the file is read back, for NFS may answer EEXIST to its own success.
std::string_view take_function();

}  // namespace cp::provider::shell
