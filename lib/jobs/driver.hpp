// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/store.hpp"
#include "provider/table.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace cp::jobs {

/// The launchers of the providers that jobs are at, each made when it is first needed.
class Launchers {
 public:
  using Make = std::function<Result<std::unique_ptr<provider::Launcher>>(const std::string& url)>;
  explicit Launchers(Make make) : make_(std::move(make)) {}
  /// Those of the table of provider types.
  explicit Launchers(provider::LauncherSettings settings);
  /// The launcher at URL, owned here.
  Result<provider::Launcher*> at(const std::string& url);

 private:
  Make make_;
  std::map<std::string, std::unique_ptr<provider::Launcher>> made_;
};

/// Until when a job has nothing to be done for it.
struct Pause {
  enum class For {
    ended,     ///< it has ended
    provider,  ///< its provider has it: a watch on its token tells when to look again
    others,    ///< it waits for other jobs of the store
    time,      ///< it waits for a moment
  };
  For what = For::time;
  std::chrono::nanoseconds at_most{0};  ///< look again after that in any case
};

/// Moves jobs through their states: submits, observes, stages, accounts, tries again. All that it
/// knows is in the store and at the providers, so that any process can go on where another was
/// killed. Drives only jobs that its store has taken.
class Driver {
 public:
  /// Told of each new state of a job, after it is durable.
  using Told = std::function<void(const Job&)>;

  Driver(JobStore& store, Launchers& launchers, const Clock& clock, std::chrono::nanoseconds grace);
  void tell(Told told) { told_ = std::move(told); }

  /// Chooses where the new job of DRAFT runs first and makes its first attempt, so that it can be
  /// created with it. Nothing happens for one that has to wait for others. failed when it can run
  /// nowhere: the message says why for each place.
  Result<void> plan(Draft& draft);

  /// Moves the job as far as it goes without waiting for anything but transfers. An error says that
  /// the store could not be written or read, or that another process drives the job by now.
  Result<Pause> advance(Draft& draft, std::stop_token stop);

  /// Makes durable what `advance` holds back for a moment of a job that may end at once; for
  /// whoever does not stay to see it.
  Result<void> settle(Draft& draft);

 private:
  struct Choice {
    std::size_t candidate = 0;
    std::optional<std::int64_t> time_limit_s;
    std::optional<Money> reserved;
  };
  Result<Choice> consider(const Job& job, std::size_t index);
  Result<Choice> choose(const Job& job);
  void open_attempt(Job& job, const Choice& choice);
  Result<std::optional<Pause>> step(Draft& draft, std::stop_token stop);
  Result<std::optional<Pause>> begin(Draft& draft);
  Result<std::optional<Pause>> wait_for_others(Draft& draft);
  Result<std::optional<Pause>> count_elements(Draft& draft);
  Result<std::optional<Pause>> hand_in(Draft& draft, std::stop_token stop);
  Result<std::optional<Pause>> ask_later(Draft& draft, const Error& why);
  Result<std::optional<Pause>> observe(Draft& draft, std::stop_token stop);
  Result<std::optional<Pause>> watch_running(Draft& draft, const provider::Observation& seen,
                                             std::stop_token stop);
  Result<void> take_in(Draft& draft, provider::Observation seen, std::stop_token stop);
  Result<void> bring_out(Draft& draft, provider::Observation& seen, std::stop_token stop);
  void clear_away(Attempt& attempt, const provider::Observation& seen, const model::JobSpec& spec);
  Result<void> end_attempt(Draft& draft, model::JobState state, model::JobReason reason,
                           std::string message);
  Result<void> end_job(Draft& draft, model::JobState state, model::JobReason reason,
                       std::string message);
  Result<void> move_to(Draft& draft, model::JobState state);
  Result<void> keep(Draft& draft, UnixTime at);
  bool may_retry(const Job& job, model::JobState state, model::JobReason reason) const;
  provider::Task task_of(const Job& job, const std::string& directory, bool is_far) const;
  bool has_kept_input(const Job& job) const;

  JobStore& store_;
  Launchers& launchers_;
  const Clock& clock_;
  std::chrono::nanoseconds grace_;
  Told told_;
  std::map<std::string, SteadyTime> settling_;  ///< by job: just submitted, and may end at once
};

/// Whether somebody has to see to the job after whoever submitted it is gone (DESIGN §7).
bool needs_somebody(const Job& job);

}  // namespace cp::jobs
