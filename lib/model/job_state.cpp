// SPDX-License-Identifier: Apache-2.0
#include "model/job_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cp::model {
namespace {

struct StateRow {
  JobState state;
  std::string_view name;
  int phase;  ///< an attempt never goes to a lower one
};

constexpr int kCanceling = 8;
constexpr int kTerminal = 9;

constexpr std::array kStates{
    StateRow{JobState::fresh, "NEW", 0},
    StateRow{JobState::queued, "QUEUED", 1},
    StateRow{JobState::held, "HELD", 1},
    StateRow{JobState::stage_in, "STAGE_IN", 2},
    StateRow{JobState::active, "ACTIVE", 3},
    StateRow{JobState::stage_out, "STAGE_OUT", 4},
    StateRow{JobState::cleanup, "CLEANUP", 5},
    StateRow{JobState::canceling, "CANCELING", kCanceling},
    StateRow{JobState::unknown, "UNKNOWN", 0},
    StateRow{JobState::completed, "COMPLETED", kTerminal},
    StateRow{JobState::failed, "FAILED", kTerminal},
    StateRow{JobState::canceled, "CANCELED", kTerminal},
};

constexpr std::array<std::pair<JobReason, std::string_view>, 15> kReasons{{
    {JobReason::user_error, "user_error"},
    {JobReason::no_capacity, "no_capacity"},
    {JobReason::preempted, "preempted"},
    {JobReason::timeout, "timeout"},
    {JobReason::out_of_memory, "out_of_memory"},
    {JobReason::node_lost, "node_lost"},
    {JobReason::lost, "lost"},
    {JobReason::held, "held"},
    {JobReason::dependency_failed, "dependency_failed"},
    {JobReason::canceled, "canceled"},
    {JobReason::staging_error, "staging_error"},
    {JobReason::auth, "auth"},
    {JobReason::quota, "quota"},
    {JobReason::budget, "budget"},
    {JobReason::provider_error, "provider_error"},
}};

const StateRow& row_of(JobState state) {
  return *std::ranges::find(kStates, state, &StateRow::state);
}

}  // namespace

std::string_view name_of(JobState state) { return row_of(state).name; }

std::optional<JobState> job_state_of(std::string_view name) {
  const auto* const row = std::ranges::find(kStates, name, &StateRow::name);
  return row == kStates.end() ? std::nullopt : std::optional(row->state);
}

bool is_terminal(JobState state) { return row_of(state).phase == kTerminal; }

bool may_follow(JobState known, JobState to) {
  if (is_terminal(known) || known == to) {
    return false;
  }
  if (to == JobState::unknown) {
    return true;
  }
  const int from = row_of(known).phase;
  const int next = row_of(to).phase;
  return next > from || (next == from && next == row_of(JobState::queued).phase);
}

std::string_view name_of(JobReason reason) {
  const auto* const row =
      std::ranges::find(kReasons, reason, &std::pair<JobReason, std::string_view>::first);
  return row == kReasons.end() ? std::string_view{} : row->second;
}

std::optional<JobReason> job_reason_of(std::string_view name) {
  const auto* const row =
      std::ranges::find(kReasons, name, &std::pair<JobReason, std::string_view>::second);
  return row == kReasons.end() ? std::nullopt : std::optional(row->first);
}

}  // namespace cp::model
