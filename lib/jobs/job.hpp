// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/process.hpp"
#include "base/time.hpp"
#include "model/job_state.hpp"
#include "model/jobspec.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cp::jobs {

/// What a resource costs, by its verified record.
struct Price {
  std::string unit;  ///< "card-hour", "core-hour", "node-hour"
  Money per_unit;
  std::int64_t quantum_s = 1;  ///< billed in whole ones of these
  std::int64_t minimum_s = 0;
  std::string terms;
};

/// Somewhere a job may run: a provider's URL, and what the verified record says of the resource
/// behind it, where there is one.
struct Candidate {
  std::string url = "local:";
  std::string resource;  ///< its identifier, "" when the user named a URL
  std::optional<std::int64_t> resource_seq;
  std::string provider;  ///< the prefix of its authority, "" when unknown
  std::string workdir;   ///< "" is the launcher's own place
  std::string queue;     ///< of the provider, that leads to the resource, "" when there is none
  std::string card_model;
  std::optional<Price> price;
  std::optional<std::int64_t> walltime_s;  ///< the longest that it takes
};

/// What an attempt or a job used. Absent is unknown.
struct Usage {
  double card_s = 0;
  double core_s = 0;
  std::map<std::string, Decimal> card_hours;  ///< by model
  std::int64_t bytes_in = 0;
  std::int64_t bytes_out = 0;
  std::optional<Money> cost;
  bool estimated = false;  ///< some of the times are ours, not the provider's
};

/// One try to run a job somewhere.
struct Attempt {
  int n = 1;
  Candidate at;
  std::string token;
  std::string native_name;
  std::string native_id;
  std::string native_state;
  bool exactly_once = true;
  model::JobState state = model::JobState::queued;
  /// The last state that was not UNKNOWN: an attempt only moves forward from it.
  model::JobState known = model::JobState::queued;
  model::JobReason reason = model::JobReason::none;
  std::string message;
  std::string directory;  ///< the job's own, at the provider; "" once it is gone
  std::optional<Exit> exit;
  bool never_ran = false;
  std::optional<UnixTime> submitted_at;
  std::optional<UnixTime> started_at;
  std::optional<UnixTime> ended_at;
  std::optional<UnixTime> observed_at;
  std::optional<std::int64_t> time_limit_s;
  std::optional<Money> reserved;  ///< of the budget, until it is known what was used
  std::optional<Usage> usage;
  bool may_overlap = false;
};

/// A job: what was asked for, and what has become of it. Passive; JobStore keeps it.
struct Job {
  std::string id;
  std::string name;
  std::string parent;                   ///< the array that it is an element of, or ""
  std::optional<std::int64_t> element;  ///< its index there
  model::JobState state = model::JobState::fresh;
  model::JobReason reason = model::JobReason::none;
  std::string message;
  std::optional<Exit> exit;
  UnixTime created_at{};
  UnixTime observed_at{};
  std::optional<UnixTime> ended_at;
  std::optional<UnixTime> retry_at;  ///< no new attempt before
  std::vector<Attempt> attempts;
  std::optional<Usage> usage;
  std::map<std::string, std::int64_t> counts;  ///< of an array: elements by state

  // What does not change after the job was made.
  model::JobSpec spec;
  std::vector<Candidate> candidates;
  std::vector<std::string> environment;  ///< inherited NAME=VALUE; gone when the job has ended
  std::optional<std::chrono::nanoseconds> lease;

  bool cancel_requested = false;

  bool is_array() const { return spec.array.has_value() && !element; }
  bool has_ended() const { return model::is_terminal(state); }
  Attempt* current() { return attempts.empty() ? nullptr : &attempts.back(); }
  const Attempt* current() const { return attempts.empty() ? nullptr : &attempts.back(); }
};

/// JOB as cp.job/1.
model::Json to_json(const Job& job);
/// What `to_json` wrote goes back into JOB; bad_data when it is no such document.
Result<void> read_document(const model::Json& document, Job& job);

model::Json to_json(const std::vector<Candidate>& candidates);
std::vector<Candidate> read_candidates(const model::Json& list);

/// The token of attempt N of job ID: "cp-01jd…-1", of an element "cp-01jd…_7-1". The identifier's
/// ULID gives it its random bits.
std::string token_of(std::string_view job_id, int n);

/// Whether anything of JOB may have run: an attempt was handed in that is not known to have done
/// nothing. Who takes the job for unstarted and repeats it may otherwise run it twice.
bool may_have_run(const Job& job);

/// The exit status of DESIGN §10 for a job that has ended: its own code, 128 + its signal, 124 for
/// its time limit, 125 when it never ran, 69 when it may have run and its end is not known, 74 when
/// it ended well and its results did not arrive; of an array 0 or 1.
int exit_status_of(const Job& job);

/// "finished with exit code 3 after 2 s", one line for people on how JOB stands.
std::string describe(const Job& job);

}  // namespace cp::jobs
