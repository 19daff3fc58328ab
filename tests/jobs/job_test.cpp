// SPDX-License-Identifier: Apache-2.0
#include "jobs/job.hpp"

#include "jobs/event_log.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::Exit;
using cp::jobs::Attempt;
using cp::jobs::exit_status_of;
using cp::jobs::Job;
using cp::jobs::token_of;
using cp::model::JobReason;
using cp::model::JobState;
using cp::model::Json;

namespace {

Job ended(JobState state, JobReason reason, std::optional<Exit> exit) {
  Job job;
  job.state = state;
  job.reason = reason;
  job.exit = exit;
  return job;
}

Job full_job() {
  Job job = ended(JobState::failed, JobReason::user_error, Exit{3, 0});
  job.id = "j-01JDABCDEFGHJKMNPQRSTVWXYZ";
  job.name = "train";
  job.message = "\xff odd";
  job.created_at = job.observed_at =
      cp::UnixTime(std::chrono::nanoseconds(1'700'000'000'000'000'001));
  Attempt attempt;
  attempt.at = {
      "local:",
      "cp:0/7F3K9Q2M-JB",
      7,
      "0",
      "/scratch",
      "long",
      "H100-SXM-80GB",
      cp::jobs::Price{"card-hour", {*cp::Decimal::parse("14.50"), "CNY"}, 60, 0, "on-demand"},
      604800};
  attempt.token = token_of(job.id, 1);
  attempt.state = JobState::unknown;
  attempt.known = JobState::active;
  attempt.started_at = job.created_at;
  attempt.time_limit_s = 60;
  attempt.reserved = cp::Money{*cp::Decimal::parse("1.00"), "CNY"};
  job.attempts = {attempt};
  job.usage =
      cp::jobs::Usage{1.5, 2, {{"H100-SXM-80GB", *cp::Decimal::parse("0.01")}}, 3, 4, {}, true};
  return job;
}

}  // namespace

TEST_CASE("a job's exit status is its own, or says why it has none") {
  CHECK(exit_status_of(ended(JobState::completed, JobReason::none, Exit{0, 0})) == 0);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::user_error, Exit{7, 0})) == 7);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::user_error, Exit{0, 9})) == 137);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::timeout, Exit{0, 15})) == 124);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::timeout, Exit{0, 0})) == 124);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::no_capacity, {})) == 125);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::lost, {})) == 125);
  CHECK(exit_status_of(ended(JobState::canceled, JobReason::canceled, {})) == 125);
  CHECK(exit_status_of(ended(JobState::failed, JobReason::staging_error, Exit{0, 0})) == 74);
  Job lost = ended(JobState::failed, JobReason::lost, {});
  lost.attempts.emplace_back().submitted_at = lost.created_at;
  CHECK(exit_status_of(lost) == 69);
  lost.attempts.front().never_ran = true;
  CHECK(exit_status_of(lost) == 125);
}

TEST_CASE("a token is the job's name for one attempt, in letters that every system takes") {
  CHECK(token_of("j-01JDABCDEFGHJKMNPQRSTVWXYZ", 1) == "cp-01jdabcdefghjkmnpqrstvwxyz-1");
  CHECK(token_of("j-01JDABCDEFGHJKMNPQRSTVWXYZ[7]", 2) == "cp-01jdabcdefghjkmnpqrstvwxyz_7-2");
}

TEST_CASE("a job's document holds all of it") {
  const Job job = full_job();
  const Json document = to_json(job);
  Job read;
  REQUIRE(read_document(document, read));
  CHECK(to_json(read) == document);
  CHECK(read.attempts.front().known == JobState::active);
  CHECK(read.message == job.message);
  CHECK(read_document(Json::object(), read).error().code == cp::Errc::bad_data);
}

TEST_CASE("the difference of two documents makes one of the other") {
  const Json empty = Json::object();
  const Json first = cp::jobs::patchable(to_json(full_job()));
  Job changed = full_job();
  changed.message.clear();
  changed.attempts.front().reserved.reset();
  changed.attempts.push_back(changed.attempts.front());
  changed.attempts.back().n = 2;
  const Json second = cp::jobs::patchable(to_json(changed));
  for (const auto& [before, after] : {std::pair{empty, first}, {first, second}, {second, first}}) {
    Json patched = before;
    patched.merge_patch(cp::jobs::difference(before, after));
    // A merge patch keeps no order of members.
    CHECK(nlohmann::json(patched) == nlohmann::json(after));
  }
  CHECK(cp::jobs::difference(first, first).empty());
}
