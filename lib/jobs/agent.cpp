// SPDX-License-Identifier: Apache-2.0
#include "jobs/agent.hpp"

#include "base/file.hpp"
#include "base/process.hpp"

#include <chrono>
#include <fcntl.h>

namespace cp::jobs {
namespace {

using namespace std::chrono_literals;

// Several submissions in a row find the agent of the first one.
constexpr auto kLinger = 1s;
constexpr auto kRound = 20s;

Result<void> take_up_all(JobStore& store, JobLoop& loop) {
  CP_TRY_ASSIGN(auto open, store.list({.open_only = true, .with_elements = true}));
  for (auto& draft : open) {
    CP_TRY(loop.add(std::move(draft)));
  }
  return {};
}

// Those that have come since the event CURSOR.
Result<void> take_up_new(JobStore& store, JobLoop& loop, std::int64_t& cursor) {
  CP_TRY_ASSIGN(const auto moved, store.moved_since(cursor));
  for (const std::string& id : moved) {
    if (loop.find(id) == nullptr) {
      CP_TRY_ASSIGN(Draft draft, store.load(id));
      CP_TRY(loop.add(std::move(draft)));
    }
  }
  return {};
}

Result<bool> is_work_left(JobStore& store) {
  CP_TRY_ASSIGN(const auto open, store.list({.open_only = true, .with_elements = true}));
  for (const auto& draft : open) {
    if (needs_somebody(draft.job())) {
      CP_TRY_ASSIGN(const bool has_driver, store.is_driven_elsewhere(draft));
      if (!has_driver) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<bool> run_agent(JobStore& store, Driver& driver, Launchers& launchers, const Clock& clock,
                       std::stop_token stop) {
  CP_TRY_ASSIGN(const bool is_agent, store.become_agent());
  if (!is_agent) {
    return false;
  }
  auto loop = std::make_unique<JobLoop>(store, driver, launchers, clock, stop);
  loop->watch_store();
  CP_TRY_ASSIGN(std::int64_t seen, store.last_event());
  CP_TRY(take_up_all(store, *loop));
  std::size_t rounds_in_vain = 0;
  while (!stop.stop_requested()) {
    if (loop->take_store_changed()) {
      CP_TRY(take_up_new(store, *loop, seen));
      rounds_in_vain = 0;
    }
    CP_TRY(loop->turn());
    const bool idle = !loop->has_work();
    if (idle && rounds_in_vain > 0) {
      CP_TRY_ASSIGN(const bool rested, store.stop_being_agent([&]() -> Result<bool> {
        CP_TRY_ASSIGN(const bool changed, store.changed());
        return !changed;
      }));
      if (rested) {
        return true;
      }
      rounds_in_vain = 0;
      continue;
    }
    loop->sleep(idle ? std::chrono::nanoseconds(kLinger) : kRound);
    rounds_in_vain = idle ? rounds_in_vain + 1 : 0;
  }
  CP_TRY(store.release_all());
  return true;
}

Result<void> start_agent_if_needed(JobStore& store, const std::vector<std::string>& command) {
  CP_TRY_ASSIGN(const bool has_work, is_work_left(store));
  if (!has_work) {
    return {};
  }
  CP_TRY_ASSIGN(const bool has_agent, store.has_agent());
  if (has_agent) {
    return {};
  }
  const std::string log = path_join(store.state_directory(), "agent.log");
  const UniqueFd errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  Command agent;
  agent.argv = command;
  agent.standard_error = errors.get();
  agent.own_session = true;
  CP_TRY(spawn(agent));
  return {};
}

}  // namespace cp::jobs
