// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace cp::model {

/// Where a job, or one attempt of it, stands: PSI/J's states, and three that real providers need.
enum class JobState {
  fresh,      ///< NEW: written down, nothing has been done
  queued,     ///< QUEUED: waits for what comes before it, or at the provider
  held,       ///< HELD: waits for a person
  stage_in,   ///< STAGE_IN: its inputs are on their way
  active,     ///< ACTIVE: it runs
  stage_out,  ///< STAGE_OUT: it has ended, its outputs are on their way
  cleanup,    ///< CLEANUP: its directory is taken away
  canceling,  ///< CANCELING: was told to end, and has not been seen ended
  unknown,    ///< UNKNOWN: the provider could not be asked; says nothing about the job
  completed,  ///< COMPLETED
  failed,     ///< FAILED
  canceled,   ///< CANCELED
};

/// "STAGE_IN"
std::string_view name_of(JobState state);
std::optional<JobState> job_state_of(std::string_view name);

/// Whether nothing comes after STATE within an attempt.
bool is_terminal(JobState state);

/// Whether an attempt in FROM may be seen in TO next. Attempts only move forward; UNKNOWN is a
/// matter of the observer and may come anywhere between, so KNOWN is the last state that was not
/// it.
bool may_follow(JobState known, JobState to);

/// Why an attempt is in its state; an open enumeration in the documents.
enum class JobReason {
  none,
  user_error,
  no_capacity,
  preempted,
  timeout,
  out_of_memory,
  node_lost,
  lost,
  held,
  dependency_failed,
  canceled,
  staging_error,
  auth,
  quota,
  budget,
  provider_error,
};

/// "user_error"; "" for none.
std::string_view name_of(JobReason reason);
std::optional<JobReason> job_reason_of(std::string_view name);

}  // namespace cp::model
