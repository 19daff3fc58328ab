// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/job_loop.hpp"

#include <string>
#include <vector>

namespace cp::jobs {

/// The life of `cprun agent`: becomes the one agent of the state directory, sees to every job that
/// nobody drives, and returns when nothing is left that needs somebody. False: there is another.
Result<bool> run_agent(JobStore& store, Driver& driver, Launchers& launchers, const Clock& clock,
                       std::stop_token stop);

/// Starts COMMAND as the agent, detached, if there is work left in STORE that nobody sees to and no
/// agent lives.
Result<void> start_agent_if_needed(JobStore& store, const std::vector<std::string>& command);

}  // namespace cp::jobs
