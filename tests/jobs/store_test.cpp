// SPDX-License-Identifier: Apache-2.0
#include "jobs/store.hpp"

#include "fixed_clock.hpp"
#include "jobs/event_log.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <array>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using cp::jobs::Attempt;
using cp::jobs::Draft;
using cp::jobs::Job;
using cp::jobs::JobStore;
using cp::model::JobState;
using cp::model::Json;

namespace {

;

std::string id_of(int number) { return fmt::format("j-01JDABCDEFGHJKMNPQRSTV{:04}", number); }

Draft new_draft(int number, const cp::Clock& clock) {
  Job job;
  job.id = id_of(number);
  job.name = "test";
  job.state = JobState::queued;
  job.created_at = job.observed_at = clock.now();
  job.spec.executable = "true";
  job.spec.arguments = {"\xff", ""};
  job.candidates = {cp::jobs::Candidate{}};
  job.environment = {"A=b", "C=\n\xff", "D="};
  Draft draft(std::move(job));
  draft.note(clock.now());
  return draft;
}

struct StoreBench {
  TemporaryDirectory directory;
  FixedClock clock{"2023-11-14T22:13:20Z"};
  JobStore open() {
    auto store = JobStore::open(directory.path(), clock);
    REQUIRE(store);
    return *std::move(store);
  }
};

void create(JobStore& store, Draft& draft) { REQUIRE(store.create(std::span(&draft, 1))); }

// A merge patch keeps no order of members.
bool same(const Json& a, const Json& b) { return nlohmann::json(a) == nlohmann::json(b); }

Json replayed(JobStore& store, const std::string& id) {
  const auto events = store.events(id);
  REQUIRE(events);
  return cp::jobs::replay(*events);
}

Json stored(JobStore& store, const std::string& id) {
  return cp::jobs::patchable(Json::parse(store.stored_document(id).value()));
}

}  // namespace

TEST_CASE("a job that does not exist is not found") {
  StoreBench bench;
  JobStore store = bench.open();
  CHECK(store.load("j-none").error().code == cp::Errc::not_found);
  CHECK(store.state_of("j-none").error().code == cp::Errc::not_found);
}

TEST_CASE("a job is there whole for whoever opens the store next") {
  StoreBench bench;
  {
    JobStore store = bench.open();
    Draft draft = new_draft(1, bench.clock);
    create(store, draft);
  }
  JobStore store = bench.open();
  const auto draft = store.load(id_of(1));
  REQUIRE(draft);
  CHECK(draft->job().spec.arguments == std::vector<std::string>{"\xff", ""});
  CHECK(draft->job().environment == std::vector<std::string>{"A=b", "C=\n\xff", "D="});
  CHECK(draft->job().candidates.size() == 1);
}

TEST_CASE("one job cannot be made twice, and none of a batch is there when one fails") {
  StoreBench bench;
  JobStore store = bench.open();
  Draft first = new_draft(1, bench.clock);
  create(store, first);
  std::array drafts{new_draft(2, bench.clock), new_draft(1, bench.clock)};
  CHECK_FALSE(store.create(drafts));
  CHECK(store.load(id_of(2)).error().code == cp::Errc::not_found);
}

TEST_CASE("the row of a job follows from its events") {
  StoreBench bench;
  JobStore store = bench.open();
  Draft draft = new_draft(1, bench.clock);
  create(store, draft);
  draft.job().attempts.emplace_back();
  draft.note(bench.clock.now());
  REQUIRE(store.save(draft));
  draft.job().attempts.front().state = JobState::active;
  draft.job().state = JobState::active;
  draft.note(bench.clock.now());
  draft.job().message = "well";
  draft.note(bench.clock.now());
  REQUIRE(store.save(draft));
  CHECK(same(replayed(store, id_of(1)), stored(store, id_of(1))));
  draft.job().message.clear();
  draft.job().state = JobState::completed;
  draft.note(bench.clock.now());
  REQUIRE(store.save(draft));
  CHECK(same(replayed(store, id_of(1)), stored(store, id_of(1))));
  CHECK(store.events(id_of(1))->size() == 5);
}

TEST_CASE("events are never changed or removed") {
  StoreBench bench;
  {
    JobStore store = bench.open();
    Draft draft = new_draft(1, bench.clock);
    create(store, draft);
  }
  auto raw = cp::store::Database::open(bench.directory.path() + "/jobs.db",
                                       {.migrations = std::array<std::string_view, 2>{"", ""}});
  REQUIRE(raw);
  CHECK_FALSE(raw->execute("UPDATE events SET change = '{}'"));
  CHECK_FALSE(raw->execute("DELETE FROM events"));
}

TEST_CASE("nothing is written when nothing has changed") {
  StoreBench bench;
  JobStore store = bench.open();
  Draft draft = new_draft(1, bench.clock);
  create(store, draft);
  CHECK_FALSE(draft.note(bench.clock.now()));
  REQUIRE(store.save(draft));
  CHECK(store.events(id_of(1))->size() == 1);
}

TEST_CASE("a living driver's job cannot be taken, and only its driver writes") {
  StoreBench bench;
  JobStore first = bench.open();
  Draft mine = new_draft(1, bench.clock);
  create(first, mine);
  CHECK(first.is_driven_here(mine));
  JobStore second = bench.open();
  Draft theirs = *second.load(id_of(1));
  CHECK(second.take(theirs).value() == false);
  theirs.job().message = "not mine";
  theirs.note(bench.clock.now());
  CHECK(second.save(theirs).error().code == cp::Errc::failed);
  CHECK(first.load(id_of(1))->job().message.empty());
}

TEST_CASE("a driver whose lease ran out is fenced off") {
  StoreBench bench;
  JobStore first = bench.open();
  Draft mine = new_draft(1, bench.clock);
  create(first, mine);
  bench.clock.move(2min);
  JobStore second = bench.open();
  Draft theirs = *second.load(id_of(1));
  REQUIRE(second.take(theirs).value());
  mine.job().message = "late";
  mine.note(bench.clock.now());
  CHECK(first.save(mine).error().code == cp::Errc::failed);
  theirs.job().message = "now";
  theirs.note(bench.clock.now());
  REQUIRE(second.save(theirs));
  CHECK(first.load(id_of(1))->job().message == "now");
}

TEST_CASE("a lease that is renewed does not run out") {
  StoreBench bench;
  JobStore first = bench.open();
  Draft mine = new_draft(1, bench.clock);
  create(first, mine);
  for (int i = 0; i < 5; ++i) {
    bench.clock.move(30s);
    REQUIRE(first.renew());
  }
  JobStore second = bench.open();
  Draft theirs = *second.load(id_of(1));
  CHECK(second.take(theirs).value() == false);
}

TEST_CASE("the job of a driver that was killed is taken at once") {
  StoreBench bench;
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = JobStore::open(bench.directory.path(), bench.clock);
    Draft draft = new_draft(1, bench.clock);
    const bool made = store && store->create(std::span(&draft, 1));
    ::_exit(made ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  JobStore store = bench.open();
  Draft draft = *store.load(id_of(1));
  CHECK(store.take(draft).value());
}

TEST_CASE("what was let go of can be taken, and an ended job has no driver and no environment") {
  StoreBench bench;
  JobStore first = bench.open();
  Draft mine = new_draft(1, bench.clock);
  create(first, mine);
  REQUIRE(first.release_all());
  JobStore second = bench.open();
  Draft theirs = *second.load(id_of(1));
  REQUIRE(second.take(theirs).value());
  theirs.job().state = JobState::canceled;
  theirs.note(bench.clock.now());
  REQUIRE(second.save(theirs));
  CHECK_FALSE(second.is_driven_here(theirs));
  CHECK(first.load(id_of(1))->job().environment.empty());
}

TEST_CASE("a cancellation is seen by whoever drives the job, of an array by its elements") {
  StoreBench bench;
  JobStore store = bench.open();
  Draft array = new_draft(1, bench.clock);
  Job element = array.job();
  element.id += "[0]";
  element.parent = array.job().id;
  element.element = 0;
  std::array drafts{array, Draft(element)};
  drafts[1].note(bench.clock.now());
  REQUIRE(store.create(drafts));
  CHECK(store.is_cancel_requested(element.id).value() == false);
  REQUIRE(bench.open().request_cancel(array.job().id));
  CHECK(store.is_cancel_requested(array.job().id).value());
  CHECK(store.is_cancel_requested(element.id).value());
  CHECK(store.load(element.id)->job().spec.executable == "true");
}

TEST_CASE("jobs are listed the newest first, by state, name and array") {
  StoreBench bench;
  JobStore store = bench.open();
  std::array drafts{new_draft(1, bench.clock), new_draft(2, bench.clock),
                    new_draft(3, bench.clock)};
  drafts[1].job().state = JobState::completed;
  drafts[1].note(bench.clock.now());
  drafts[2].job().name = "other";
  drafts[2].note(bench.clock.now());
  REQUIRE(store.create(drafts));
  const auto ids = [&](const JobStore::Filter& filter) {
    std::string out;
    const auto drafts_of_filter = store.list(filter);
    REQUIRE(drafts_of_filter);
    std::string documents;
    for (const auto& draft : *drafts_of_filter) {
      out += draft.job().id.back();
      documents += *store.stored_document(draft.job().id);
    }
    std::string one_by_one;
    REQUIRE(store.for_each_document(filter,
                                    [&](std::string_view document) { one_by_one += document; }));
    CHECK(one_by_one == documents);
    return out;
  };
  CHECK(ids({}) == "321");
  CHECK(ids({.open_only = true}) == "31");
  CHECK(ids({.state = "COMPLETED"}) == "2");
  CHECK(ids({.name = "other"}) == "3");
  CHECK(ids({.name = "x' OR 1 --"}).empty());
  CHECK(ids({.limit = 1}) == "3");
}

TEST_CASE("there is one agent, and it rests only when nothing was submitted meanwhile") {
  StoreBench bench;
  JobStore first = bench.open();
  JobStore second = bench.open();
  CHECK(first.become_agent().value());
  CHECK(second.has_agent().value());
  CHECK(second.become_agent().value() == false);
  CHECK(first.stop_being_agent([] { return cp::Result<bool>(false); }).value() == false);
  CHECK(second.has_agent().value());
  CHECK(first.stop_being_agent([] { return cp::Result<bool>(true); }).value());
  CHECK(second.become_agent().value());
}

TEST_CASE("a change by another is told once, one's own is none") {
  StoreBench bench;
  JobStore first = bench.open();
  JobStore second = bench.open();
  (void)first.changed();
  Draft draft = new_draft(1, bench.clock);
  create(first, draft);
  CHECK(first.changed().value() == false);
  Draft other = new_draft(2, bench.clock);
  create(second, other);
  CHECK(first.changed().value());
  CHECK(first.changed().value() == false);
}
