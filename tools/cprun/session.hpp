// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "jobs/agent.hpp"
#include "jobs/driver.hpp"
#include "jobs/store.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cprun {

/// How long a command that waits for jobs sleeps at most before it looks again.
inline constexpr std::chrono::seconds look_again{10};
/// How long it waits before it asks a provider again that it could not reach.
inline constexpr std::chrono::seconds ask_again{1};
/// The exit status of a command that a signal ended is this and the signal's number, as in a shell.
inline constexpr int signal_base = 128;

/// What every command works on: the store, the launchers and a driver of this process.
struct Session {
  static cp::Result<Session> open(cp::cli::Context& context);

  std::unique_ptr<cp::jobs::JobStore> store;
  std::unique_ptr<cp::jobs::Launchers> launchers;
  std::unique_ptr<cp::jobs::Driver> driver;
};

/// Lets go of what this process drives, and starts the agent for what is left unless --no-agent. A
/// failure to start it is only a warning: the next command takes its place.
cp::Result<void> hand_over(cp::cli::Context& context, Session& session);

/// Looks at the jobs that nobody drives once, so that what is shown is how they are.
cp::Result<void> refresh(cp::cli::Context& context, Session& session);

/// The job that TEXT names: its id, or the newest of that name; not_found.
cp::Result<cp::jobs::Draft> find_job(Session& session, const std::string& text);

/// Asks JOB to end: in the store, which whoever drives it reads, and at its provider, which does it
/// at once, also when the store cannot be written: a job may be what has filled the disk. With an
/// array its elements are asked.
cp::Result<void> ask_to_end(Session& session, const cp::jobs::Job& job);

/// One line on stderr for a new state of JOB.
void tell_state(const cp::cli::Context& context, const cp::jobs::Job& job);

}  // namespace cprun
