// SPDX-License-Identifier: Apache-2.0
#include "jobs/driver.hpp"

#include "base/file.hpp"
#include "jobs/metering.hpp"
#include "jobs/staging.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <unistd.h>

namespace cp::jobs {
namespace {

using namespace std::chrono_literals;
using model::JobReason;
using model::JobState;
using provider::Found;
using provider::Observation;

// A job that ends within this time after its submission costs no write for having been active.
constexpr auto kSettle = 30ms;
constexpr auto kAskAgain = 1s;
constexpr auto kLookAtOthers = 5s;
constexpr auto kFirstRetry = 500ms;
constexpr auto kLongestRetry = 60s;
constexpr int kTriesThatNeverRan = 3;

// Where a copy of the job's standard input lies in its directory on another host.
constexpr std::string_view kFarInput = ".cprun-stdin";

bool is_out_of_reach(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::timed_out ||
         error.code == Errc::protocol;
}

Pause pause_for(Pause::For what, std::chrono::nanoseconds at_most) { return {what, at_most}; }

/// What the paths of JOB are relative to, at the provider.
std::string base_of(const Job& job, const std::string& directory) {
  const std::string& named = job.spec.directory;
  if (named.starts_with('/')) {
    return named;
  }
  return named.empty() || directory.empty() ? directory : path_join(directory, named);
}

std::string at_base(const std::string& base, const std::string& path) {
  return path.empty() || path.starts_with('/') ? path : path_join(base, path);
}

// On another host the environment is that of a login there.
std::vector<std::string> environment_of(const Job& job, const Attempt& attempt, bool is_far) {
  std::map<std::string, std::string> merged;
  const auto put = [&](const std::string& entry) {
    const auto equals = entry.find('=');
    merged[entry.substr(0, equals)] = equals == std::string::npos ? "" : entry.substr(equals + 1);
  };
  if (job.spec.inherit_environment && !is_far) {
    std::ranges::for_each(job.environment, put);
  } else if (!job.spec.inherit_environment) {
    put("PATH=/usr/local/bin:/usr/bin:/bin");
  }
  for (const auto& [name, value] : job.spec.environment) {
    merged[name] = value;
  }
  merged["CP_JOB_ID"] = job.id;
  merged["CP_JOB_TOKEN"] = attempt.token;
  if (job.element) {
    merged["CP_ARRAY_INDEX"] = std::to_string(*job.element);
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : merged) {
    out.push_back(name + "=" + value);
  }
  return out;
}

bool satisfies(JobState state, const std::string& when) {
  if (when == "ended") {
    return true;
  }
  return (when == "completed") == (state == JobState::completed);
}

std::chrono::nanoseconds retry_delay(std::size_t attempts) {
  std::chrono::nanoseconds delay = kFirstRetry;
  for (std::size_t i = 1; i < attempts && delay < kLongestRetry; ++i) {
    delay *= 2;
  }
  return std::min<std::chrono::nanoseconds>(delay, kLongestRetry);
}

void take_over(Attempt& attempt, const Observation& seen, UnixTime now) {
  attempt.native_state = seen.native_state;
  attempt.native_id = seen.native_id.empty() ? attempt.native_id : seen.native_id;
  attempt.started_at = seen.started_at ? seen.started_at : attempt.started_at;
  attempt.observed_at = now;
}

std::int64_t running_elements(const std::map<std::string, std::int64_t>& states) {
  std::int64_t running = 0;
  for (const auto& [name, count] : states) {
    const JobState state = model::job_state_of(name).value_or(JobState::unknown);
    running += state == JobState::fresh || model::is_terminal(state) ? 0 : count;
  }
  return running;
}

std::int64_t elements_at_once(const model::JobSpec& spec) {
  const std::int64_t cores = std::max<std::int64_t>(std::thread::hardware_concurrency(), 1);
  return spec.array->at_once > 0
             ? spec.array->at_once
             : std::max<std::int64_t>(cores / spec.resources.cores_per_node(), 1);
}

}  // namespace

Launchers::Launchers(provider::LauncherSettings settings)
    : make_([settings = std::move(settings)](
                const std::string& url) -> Result<std::unique_ptr<provider::Launcher>> {
        CP_TRY_ASSIGN(const auto parsed, provider::parse_provider_url(url));
        return provider::make_launcher(parsed, settings);
      }) {}

Result<provider::Launcher*> Launchers::at(const std::string& url) {
  if (const auto known = made_.find(url); known != made_.end()) {
    return known->second.get();
  }
  CP_TRY_ASSIGN(auto launcher, make_(url));
  return made_.emplace(url, std::move(launcher)).first->second.get();
}

bool Driver::has_kept_input(const Job& job) const {
  const std::string& path = job.spec.stdin_path;
  return path == kept_input(store_.state_directory(), job.id) ||
         (job.element && path == kept_input(store_.state_directory(), job.parent));
}

Driver::Driver(JobStore& store, Launchers& launchers, const Clock& clock,
               std::chrono::nanoseconds grace)
    : store_(store), launchers_(launchers), clock_(clock), grace_(grace) {}

Result<void> Driver::keep(Draft& draft, UnixTime at) {
  draft.job().observed_at = clock_.now();
  const bool changed = draft.note(at);
  CP_TRY(store_.save(draft));
  if (changed && told_) {
    told_(draft.job());
  }
  return {};
}

Result<void> Driver::move_to(Draft& draft, JobState state) {
  Attempt& attempt = *draft.job().current();
  if (!model::may_follow(attempt.known, state)) {
    return {};
  }
  attempt.state = state;
  attempt.known = state == JobState::unknown ? attempt.known : state;
  draft.job().state = state;
  return keep(draft, clock_.now());
}

Result<Driver::Choice> Driver::consider(const Job& job, std::size_t index) {
  const Candidate& at = job.candidates[index];
  const model::JobSpec& spec = job.spec;
  CP_TRY_ASSIGN(provider::Launcher* const launcher, launchers_.at(at.url));
  CP_TRY(launcher->admits(spec.resources));
  if (!spec.image.empty() && !launcher->runs_images()) {
    return fail(Errc::failed, "it runs no container images");
  }
  Choice choice{index, std::nullopt, std::nullopt};
  if (spec.duration_s) {
    choice.time_limit_s = static_cast<std::int64_t>(*spec.duration_s + 0.999);
  }
  if (at.walltime_s && choice.time_limit_s.value_or(0) > *at.walltime_s) {
    return fail(Errc::failed, "it takes no job of {} s, only up to {} s", *choice.time_limit_s,
                *at.walltime_s);
  }
  if (const auto& most = spec.limits.price_per_hour) {
    if (!at.price || at.price->per_unit.currency != most->currency) {
      return fail(Errc::failed, "its price in {} is not known", most->currency);
    }
    const Money hour = price_per_hour(*at.price, spec.resources);
    if (hour.amount > most->amount) {
      return fail(Errc::failed, "it costs {} an hour, more than {}", hour.to_string(),
                  most->to_string());
    }
  }
  if (const auto& budget = spec.limits.cost) {
    if (!choice.time_limit_s) {
      return fail(Errc::failed, "a job with a budget needs a duration");
    }
    const auto left = remaining_budget(*budget, job.attempts);
    if (!at.price || !left || at.price->per_unit.currency != left->currency) {
      return fail(Errc::failed, "what it costs in {} is not known", budget->currency);
    }
    choice.time_limit_s =
        affordable_seconds(*at.price, spec.resources, *left, *choice.time_limit_s);
    if (*choice.time_limit_s <= 0) {
      return fail(Errc::failed, "{} of the budget of {} is left, not enough to run",
                  left->to_string(), budget->to_string());
    }
    choice.reserved =
        cost_of(*at.price, spec.resources, std::chrono::seconds(*choice.time_limit_s));
  }
  return choice;
}

// The candidates stand in the user's order; a new attempt goes on behind the one before.
Result<Driver::Choice> Driver::choose(const Job& job) {
  std::string reasons;
  for (std::size_t i = 0; i < job.candidates.size(); ++i) {
    const std::size_t index = (job.attempts.size() + i) % job.candidates.size();
    auto choice = consider(job, index);
    if (choice) {
      return choice;
    }
    const Candidate& at = job.candidates[index];
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ",
                           at.resource.empty() ? at.url : at.resource, choice.error().message);
    reasons += choice.error().hint.empty() ? "" : " (" + choice.error().hint + ")";
  }
  return fail(Errc::failed, "it can run nowhere: {}",
              reasons.empty() ? "no place was given" : reasons);
}

void Driver::open_attempt(Job& job, const Choice& choice) {
  Attempt attempt;
  attempt.n = static_cast<int>(job.attempts.size()) + 1;
  attempt.at = job.candidates[choice.candidate];
  attempt.token = token_of(job.id, attempt.n);
  attempt.native_name = (job.name.empty() ? "job" : job.name) + "." + attempt.token;
  attempt.time_limit_s = choice.time_limit_s;
  attempt.reserved = choice.reserved;
  const auto launcher = launchers_.at(attempt.at.url);
  attempt.exactly_once =
      launcher && (*launcher)->guarantee() == provider::Launcher::Guarantee::exactly_once;
  job.attempts.push_back(std::move(attempt));
  job.state = JobState::queued;
  job.reason = JobReason::none;
  job.message.clear();
  job.retry_at.reset();
}

Result<void> Driver::plan(Draft& draft) {
  Job& job = draft.job();
  if (job.is_array() || job.element || !job.spec.after.empty()) {
    job.state = job.element ? JobState::fresh : JobState::queued;
  } else {
    CP_TRY_ASSIGN(const Choice choice, choose(job));
    open_attempt(job, choice);
  }
  job.observed_at = clock_.now();
  draft.note(job.created_at);
  return {};
}

Result<Pause> Driver::advance(Draft& draft, std::stop_token stop) {
  while (!draft.job().has_ended()) {
    if (!draft.job().cancel_requested) {
      CP_TRY_ASSIGN(draft.job().cancel_requested, store_.is_cancel_requested(draft.job().id));
    }
    CP_TRY_ASSIGN(const auto pause, step(draft, stop));
    if (pause) {
      return *pause;
    }
    if (stop.stop_requested()) {
      return pause_for(Pause::For::time, 0ns);
    }
  }
  return pause_for(Pause::For::ended, 0ns);
}

Result<void> Driver::settle(Draft& draft) {
  settling_.erase(draft.job().id);
  const Attempt* const attempt = draft.job().current();
  if (!draft.job().has_ended() && attempt != nullptr && attempt->submitted_at) {
    CP_TRY(observe(draft, {}));
  }
  return {};
}

Result<std::optional<Pause>> Driver::step(Draft& draft, std::stop_token stop) {
  const Job& job = draft.job();
  if (job.is_array()) {
    return count_elements(draft);
  }
  const Attempt* const attempt = job.current();
  if (attempt == nullptr || model::is_terminal(attempt->state)) {
    return begin(draft);
  }
  return attempt->submitted_at ? observe(draft, stop) : hand_in(draft, stop);
}

Result<std::optional<Pause>> Driver::count_elements(Draft& draft) {
  Job& job = draft.job();
  CP_TRY_ASSIGN(job.counts, store_.element_states(job.id));
  std::int64_t ended = 0;
  for (const auto& [name, count] : job.counts) {
    ended += model::is_terminal(model::job_state_of(name).value_or(JobState::unknown)) ? count : 0;
  }
  if (ended == job.spec.array->size()) {
    const bool all = job.counts["COMPLETED"] == ended;
    std::erase_if(job.counts, [](const auto& entry) { return entry.second == 0; });
    const JobState state = all                    ? JobState::completed
                           : job.cancel_requested ? JobState::canceled
                                                  : JobState::failed;
    CP_TRY(end_job(draft, state, all ? JobReason::none : JobReason::user_error, ""));
    return std::nullopt;
  }
  job.state = ended > 0 || running_elements(job.counts) > 0 ? JobState::active : job.state;
  CP_TRY(keep(draft, clock_.now()));
  return pause_for(Pause::For::others, kLookAtOthers);
}

Result<std::optional<Pause>> Driver::wait_for_others(Draft& draft) {
  const Job& job = draft.job();
  for (const auto& after : job.spec.after) {
    const auto state = store_.state_of(after.job);
    if (!state && state.error().code != Errc::not_found) {
      return tl::unexpected(state.error());
    }
    if (state && !model::is_terminal(*state)) {
      return pause_for(Pause::For::others, kLookAtOthers);
    }
    if (!state || !satisfies(*state, after.when)) {
      CP_TRY(end_job(draft, JobState::failed, JobReason::dependency_failed,
                     fmt::format("{} {}", after.job,
                                 state ? "ended as " + std::string(model::name_of(*state))
                                       : "does not exist")));
      return std::nullopt;
    }
  }
  if (job.element) {
    CP_TRY_ASSIGN(const auto states, store_.element_states(job.parent));
    if (running_elements(states) >= elements_at_once(job.spec)) {
      return pause_for(Pause::For::others, kLookAtOthers);
    }
  }
  return std::nullopt;
}

Result<std::optional<Pause>> Driver::begin(Draft& draft) {
  Job& job = draft.job();
  if (job.cancel_requested) {
    CP_TRY(end_job(draft, JobState::canceled, JobReason::canceled, ""));
    return std::nullopt;
  }
  if (job.attempts.empty()) {
    CP_TRY_ASSIGN(const auto wait, wait_for_others(draft));
    if (wait || job.has_ended()) {
      return wait;
    }
  }
  if (job.retry_at && *job.retry_at > clock_.now()) {
    return pause_for(Pause::For::time, *job.retry_at - clock_.now());
  }
  const auto choice = choose(job);
  if (!choice) {
    CP_TRY(end_job(draft, JobState::failed,
                   job.spec.limits.cost ? JobReason::budget : JobReason::no_capacity,
                   choice.error().message));
    return std::nullopt;
  }
  open_attempt(job, *choice);
  CP_TRY(keep(draft, clock_.now()));
  return std::nullopt;
}

provider::Task Driver::task_of(const Job& job, const std::string& directory, bool is_far) const {
  const Attempt& attempt = *job.current();
  const std::string base = base_of(job, directory);
  provider::Task task;
  task.token = attempt.token;
  task.name = job.name.empty() ? "job" : job.name;
  task.executable = job.spec.executable;
  task.arguments = job.spec.arguments;
  task.environment = environment_of(job, attempt, is_far);
  task.directory = base;
  task.input_is_copy = is_far && has_kept_input(job);
  task.standard_input =
      at_base(base, task.input_is_copy ? std::string(kFarInput) : job.spec.stdin_path);
  task.standard_output = at_base(base, job.spec.stdout_path);
  task.standard_error = at_base(base, job.spec.stderr_path);
  task.resources = job.spec.resources;
  task.queue = job.spec.queue.empty() ? attempt.at.queue : job.spec.queue;
  task.account = job.spec.account;
  task.custom = job.spec.custom;
  if (attempt.time_limit_s) {
    task.time_limit = std::chrono::seconds(*attempt.time_limit_s);
  }
  // Without a budget the limit is what was asked for, to the nanosecond.
  if (job.spec.duration_s && !job.spec.limits.cost) {
    task.time_limit = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(*job.spec.duration_s));
  }
  task.lease = job.lease;
  task.grace = grace_;
  return task;
}

// The provider could not be asked, which says nothing about the job.
Result<std::optional<Pause>> Driver::ask_later(Draft& draft, const Error& why) {
  Attempt& attempt = *draft.job().current();
  if (attempt.message != why.message) {
    attempt.message = why.message;
    CP_TRY(keep(draft, clock_.now()));
  }
  return pause_for(Pause::For::time, kAskAgain);
}

Result<std::optional<Pause>> Driver::hand_in(Draft& draft, std::stop_token stop) {
  Job& job = draft.job();
  const std::string token = job.current()->token;
  CP_TRY_ASSIGN(provider::Launcher* const launcher, launchers_.at(job.current()->at.url));
  const auto found = launcher->find(token, stop);
  if (!found) {
    return ask_later(draft, found.error());
  }
  if (found->verdict == Found::Verdict::unsure) {
    return pause_for(Pause::For::time, kAskAgain);
  }
  if (job.cancel_requested && found->verdict == Found::Verdict::absent) {
    if (const auto told = launcher->cancel(token, stop); !told) {
      return ask_later(draft, told.error());
    }
  } else if (found->verdict == Found::Verdict::absent) {
    const auto directory = launcher->make_directory(token, job.current()->at.workdir, stop);
    if (!directory && is_out_of_reach(directory.error())) {
      return ask_later(draft, directory.error());
    }
    if (!directory) {
      CP_TRY(end_attempt(draft, JobState::failed, JobReason::provider_error,
                         directory.error().message));
      return std::nullopt;
    }
    job.current()->directory = *directory;
    const bool is_far = launcher->far() != nullptr;
    model::JobSpec staged = job.spec;
    if (is_far && has_kept_input(job)) {
      staged.inputs.push_back({model::file_url(job.spec.stdin_path), std::string(kFarInput)});
    }
    if (!staged.inputs.empty()) {
      CP_TRY(move_to(draft, JobState::stage_in));
      const auto bytes = stage_in(staged, base_of(job, *directory), launcher->far(), stop);
      if (!bytes && stop.stop_requested()) {
        return pause_for(Pause::For::time, 0ns);
      }
      if (!bytes) {
        CP_TRY(
            end_attempt(draft, JobState::failed, JobReason::staging_error, bytes.error().message));
        return std::nullopt;
      }
      job.current()->usage = Usage{};
      job.current()->usage->bytes_in = *bytes;
      // Staging takes as long as it takes: who wants to end the job meanwhile has said so.
      CP_TRY_ASSIGN(job.cancel_requested, store_.is_cancel_requested(job.id));
      if (job.cancel_requested) {
        return std::nullopt;
      }
    }
    const auto taken = launcher->submit(task_of(job, *directory, is_far), stop);
    if (!taken && taken.error().code == Errc::unavailable) {
      return ask_later(draft, taken.error());
    }
    if (!taken) {
      CP_TRY(
          end_attempt(draft, JobState::failed, JobReason::provider_error, taken.error().message));
      return std::nullopt;
    }
    job.current()->native_id = *taken;
  } else {
    // Handed in by somebody who was killed before that was written down.
    job.current()->native_id = found->native_id;
    job.current()->directory = found->directory;
  }
  job.current()->submitted_at = clock_.now();
  settling_[job.id] = clock_.steady() + kSettle;
  return pause_for(Pause::For::provider, kSettle);
}

Result<std::optional<Pause>> Driver::observe(Draft& draft, std::stop_token stop) {
  Job& job = draft.job();
  CP_TRY_ASSIGN(provider::Launcher* const launcher, launchers_.at(job.current()->at.url));
  const auto seen = launcher->query(std::array{job.current()->token}, stop);
  if (!seen) {
    job.current()->observed_at = clock_.now();
    job.current()->message = seen.error().message;
    CP_TRY(move_to(draft, JobState::unknown));
    return pause_for(Pause::For::time, launcher->poll_interval());
  }
  if (model::is_terminal(seen->front().state)) {
    settling_.erase(job.id);
    CP_TRY(take_in(draft, seen->front(), stop));
    return std::nullopt;
  }
  return watch_running(draft, seen->front(), stop);
}

Result<std::optional<Pause>> Driver::watch_running(Draft& draft, const Observation& seen,
                                                   std::stop_token stop) {
  Job& job = draft.job();
  Attempt& attempt = *job.current();
  CP_TRY_ASSIGN(provider::Launcher* const launcher, launchers_.at(attempt.at.url));
  const Pause pause = pause_for(Pause::For::provider, launcher->poll_interval());
  if (job.cancel_requested && attempt.known != JobState::canceling) {
    if (const auto told = launcher->cancel(attempt.token, stop); !told) {
      return ask_later(draft, told.error());
    }
    take_over(attempt, seen, clock_.now());
    CP_TRY(move_to(draft, JobState::canceling));
    return pause;
  }
  const auto settling = settling_.find(job.id);
  if (settling != settling_.end() && clock_.steady() < settling->second) {
    return pause_for(Pause::For::provider, settling->second - clock_.steady());
  }
  settling_.erase(job.id);
  const bool back_in_sight = attempt.state == JobState::unknown && seen.state == attempt.known;
  if (back_in_sight || model::may_follow(attempt.known, seen.state)) {
    take_over(attempt, seen, clock_.now());
    attempt.state = seen.state;
    attempt.message = seen.message;
    attempt.known = seen.state == JobState::unknown ? attempt.known : seen.state;
    job.state = seen.state;
  }
  CP_TRY(keep(draft, clock_.now()));
  return pause;
}

Result<void> Driver::take_in(Draft& draft, Observation seen, std::stop_token stop) {
  Job& job = draft.job();
  Attempt& attempt = *job.current();
  take_over(attempt, seen, clock_.now());
  attempt.exit = seen.exit;
  attempt.ended_at = seen.ended_at;
  attempt.never_ran = seen.never_ran;
  // The state that nobody happened to see is part of the history all the same.
  if (seen.started_at && model::may_follow(attempt.known, JobState::active)) {
    attempt.state = attempt.known = job.state = JobState::active;
    job.observed_at = clock_.now();
    if (draft.note(*seen.started_at) && told_) {
      told_(job);
    }
  }
  const Usage moved = attempt.usage.value_or(Usage{});
  std::chrono::nanoseconds ran = seen.ran_for.value_or(0ns);
  const bool is_guess = !seen.never_ran && !seen.ran_for;
  if (is_guess && seen.started_at) {
    ran = clock_.now() - *seen.started_at;
  }
  attempt.usage = usage_of(attempt, job.spec.resources, ran);
  attempt.usage->bytes_in = moved.bytes_in;
  attempt.usage->bytes_out = moved.bytes_out;
  attempt.usage->estimated = is_guess;
  // In CLEANUP they are out, and what they were made from may be gone.
  if (!seen.never_ran && attempt.known != JobState::cleanup && has_outputs(job.spec, seen.state)) {
    CP_TRY(bring_out(draft, seen, stop));
    if (stop.stop_requested() && !model::is_terminal(seen.state)) {
      return {};
    }
  }
  clear_away(*job.current(), seen, job.spec);
  return end_attempt(draft, seen.state, seen.reason, seen.message);
}

// Leaves SEEN in STAGE_OUT when it was stopped: somebody else goes on.
Result<void> Driver::bring_out(Draft& draft, Observation& seen, std::stop_token stop) {
  const Job& job = draft.job();
  CP_TRY(move_to(draft, JobState::stage_out));
  CP_TRY_ASSIGN(const provider::Launcher* const launcher, launchers_.at(job.current()->at.url));
  const auto bytes = stage_out(job.spec, seen.state, base_of(job, job.current()->directory),
                               launcher->far(), stop);
  if (bytes) {
    draft.job().current()->usage->bytes_out = *bytes;
    CP_TRY(move_to(draft, JobState::cleanup));
  } else if (stop.stop_requested()) {
    seen.state = JobState::stage_out;
  } else {
    // A job that failed by itself has said why; that comes first.
    seen.reason = seen.state == JobState::completed ? JobReason::staging_error : seen.reason;
    seen.state = seen.state == JobState::completed ? JobState::failed : seen.state;
    seen.message = seen.message.empty() ? bytes.error().message : seen.message;
  }
  return {};
}

// What was made and nobody asked to be taken out stays where it is: it may be all the result there
// is.
void Driver::clear_away(Attempt& attempt, const Observation& seen, const model::JobSpec& spec) {
  if (attempt.directory.empty()) {
    return;
  }
  const bool all_out = seen.state == JobState::completed && !spec.outputs.empty();
  const auto launcher = launchers_.at(attempt.at.url);
  if (all_out && launcher && (*launcher)->remove_directory(attempt.token, {})) {
    attempt.directory.clear();
  } else if (launcher && (*launcher)->remove_empty_directory(attempt.token, {})) {
    attempt.directory.clear();
  }
}

bool Driver::may_retry(const Job& job, JobState state, JobReason reason) const {
  if (job.cancel_requested || state != JobState::failed) {
    return false;
  }
  const auto made = static_cast<std::int64_t>(job.attempts.size());
  const Attempt& last = job.attempts.back();
  if (last.never_ran && (reason == JobReason::lost || reason == JobReason::node_lost)) {
    return made < kTriesThatNeverRan;
  }
  const auto& retry = job.spec.retry;
  const auto waited = clock_.now() - job.created_at;
  const bool in_time =
      !retry.max_wait_s || std::chrono::duration<double>(waited).count() < *retry.max_wait_s;
  return made <= retry.max && in_time &&
         std::ranges::find(retry.on, model::name_of(reason)) != retry.on.end();
}

Result<void> Driver::end_attempt(Draft& draft, JobState state, JobReason reason,
                                 std::string message) {
  Job& job = draft.job();
  Attempt& attempt = *job.current();
  attempt.state = attempt.known = state;
  attempt.reason = reason;
  attempt.message = message;
  attempt.reserved.reset();
  attempt.observed_at = clock_.now();
  if (!attempt.submitted_at) {
    attempt.never_ran = true;
    attempt.usage = usage_of(attempt, job.spec.resources, 0ns);
  }
  job.usage = total_usage(job.attempts);
  // A retry that no place takes, or no budget pays for, leaves the attempt its own end.
  if (may_retry(job, state, reason) && choose(job)) {
    job.state = JobState::queued;
    job.retry_at = clock_.now() + (attempt.never_ran ? 0ns : retry_delay(job.attempts.size()));
    return keep(draft, clock_.now());
  }
  job.exit = attempt.exit;
  return end_job(draft, state, reason, std::move(message));
}

Result<void> Driver::end_job(Draft& draft, JobState state, JobReason reason, std::string message) {
  Job& job = draft.job();
  job.state = state;
  job.reason = reason;
  job.message = std::move(message);
  job.ended_at = clock_.now();
  CP_TRY(keep(draft, *job.ended_at));
  if (!job.element && has_kept_input(job)) {
    ::unlink(job.spec.stdin_path.c_str());
  }
  return {};
}

bool needs_somebody(const Job& job) {
  const Attempt* const attempt = job.current();
  const auto& spec = job.spec;
  return !job.has_ended() &&
         (job.is_array() || attempt == nullptr || !attempt->submitted_at || !spec.outputs.empty() ||
          spec.retry.max > 0 || spec.limits.cost.has_value());
}

}  // namespace cp::jobs
