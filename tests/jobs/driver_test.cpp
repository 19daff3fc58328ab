// SPDX-License-Identifier: Apache-2.0
// The driver against a provider that does what the test says: fails to answer, loses jobs, is not
// sure. Real providers have their own tests.
#include "jobs/driver.hpp"

#include "base/file.hpp"
#include "fixed_clock.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <array>
#include <filesystem>
#include <functional>
#include <set>

using namespace std::chrono_literals;
using cp::Errc;
using cp::Exit;
using cp::Result;
using cp::jobs::Draft;
using cp::jobs::Driver;
using cp::jobs::Job;
using cp::jobs::JobStore;
using cp::jobs::Launchers;
using cp::jobs::Pause;
using cp::model::JobReason;
using cp::model::JobState;
using cp::provider::Found;
using cp::provider::Observation;
using cp::provider::Token;

namespace {

;

/// What the provider does next, and what it was asked.
struct Script {
  Found::Verdict found = Found::Verdict::absent;
  std::optional<cp::Error> submit_error;
  bool query_fails = false;
  Observation seen;
  std::set<Token> submitted;
  std::set<Token> canceled;
  int submissions = 0;
  std::string directory;  ///< of a job that it has
  std::function<void()> on_removal;
};

class ScriptedLauncher final : public cp::provider::Launcher {
 public:
  explicit ScriptedLauncher(Script& script) : script_(script) {}
  Guarantee guarantee() const override { return Guarantee::exactly_once; }
  Result<void> admits(const cp::model::JobResources& wanted) override {
    return wanted.nodes > 1 ? cp::fail(Errc::failed, "too many nodes") : Result<void>{};
  }
  Result<std::string> make_directory(const Token&, const std::string&, std::stop_token) override {
    return "/nonexistent/job";
  }
  Result<std::string> submit(const cp::provider::Task& task, std::stop_token) override {
    ++script_.submissions;
    if (script_.submit_error) {
      return tl::unexpected<cp::Error>(*script_.submit_error);
    }
    script_.submitted.insert(task.token);
    return "native";
  }
  Result<Found> find(const Token& token, std::stop_token) override {
    const auto verdict =
        script_.submitted.contains(token) ? Found::Verdict::present : script_.found;
    return Found{verdict, "", {}, script_.directory};
  }
  Result<std::vector<Observation>> query(std::span<const Token> tokens, std::stop_token) override {
    if (script_.query_fails) {
      return cp::fail(Errc::unavailable, "no answer");
    }
    std::vector<Observation> out(tokens.size(), script_.seen);
    return out;
  }
  Result<void> cancel(const Token& token, std::stop_token) override {
    script_.canceled.insert(token);
    return {};
  }
  Result<void> renew(const Token&) override { return {}; }
  Result<std::unique_ptr<cp::provider::LogReader>> open_log(const Token&,
                                                            cp::provider::Stream) override {
    return cp::fail(Errc::not_found, "no log");
  }
  Result<void> remove_directory(const Token&, std::stop_token) override {
    if (script_.on_removal) {
      script_.on_removal();
    }
    return {};
  }
  Result<void> remove_empty_directory(const Token&, std::stop_token) override { return {}; }

 private:
  Script& script_;
};

struct DriverBench {
  TemporaryDirectory directory;
  FixedClock clock{"2023-11-14T22:13:20Z"};
  Script script;
  Launchers launchers{
      [this](const std::string&) -> Result<std::unique_ptr<cp::provider::Launcher>> {
        return std::make_unique<ScriptedLauncher>(script);
      }};
  JobStore store = *JobStore::open(directory.path(), clock);
  Driver driver{store, launchers, clock, 1s};

  Job new_job() {
    Job job;
    job.id = "j-01JDABCDEFGHJKMNPQRSTVWXYZ";
    job.created_at = clock.now();
    job.spec.executable = "true";
    job.candidates = {cp::jobs::Candidate{}};
    return job;
  }
  Draft start(Job job) {
    Draft draft(std::move(job));
    REQUIRE(driver.plan(draft));
    REQUIRE(store.create(std::span(&draft, 1)));
    return draft;
  }
  Pause advance(Draft& draft) {
    auto pause = driver.advance(draft, {});
    REQUIRE(pause);
    return *pause;
  }
  /// Runs DRAFT's job until it was handed in and seen once after it settled.
  void settle(Draft& draft) {
    advance(draft);
    clock.move(1s);
    advance(draft);
  }
  void see(JobState state, JobReason reason = JobReason::none, std::optional<Exit> exit = {}) {
    script.seen = {};
    script.seen.state = state;
    script.seen.reason = reason;
    script.seen.exit = exit;
    script.seen.started_at = clock.now();
  }
};

}  // namespace

TEST_CASE("a job that can run nowhere is never stored, and each reason is said") {
  DriverBench bench;
  Job job = bench.new_job();
  job.spec.resources.nodes = 2;
  Draft draft(job);
  const auto planned = bench.driver.plan(draft);
  REQUIRE_FALSE(planned);
  CHECK(planned.error().message.find("too many nodes") != std::string::npos);
}

TEST_CASE("a query that fails says nothing about the job") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.see(JobState::active);
  bench.settle(draft);
  CHECK(draft.job().state == JobState::active);
  bench.script.query_fails = true;
  bench.advance(draft);
  CHECK(draft.job().state == JobState::unknown);
  CHECK(draft.job().attempts.front().known == JobState::active);
  CHECK(draft.job().attempts.size() == 1);
  bench.script.query_fails = false;
  bench.advance(draft);
  CHECK(draft.job().state == JobState::active);
}

TEST_CASE("a state that lies behind what was seen already is not taken over") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.see(JobState::active);
  bench.settle(draft);
  bench.see(JobState::queued);
  bench.advance(draft);
  CHECK(draft.job().state == JobState::active);
}

TEST_CASE("while a submission may be on its way nothing is submitted") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.script.found = Found::Verdict::unsure;
  CHECK(bench.advance(draft).what == Pause::For::time);
  CHECK(bench.script.submissions == 0);
  bench.script.found = Found::Verdict::absent;
  bench.advance(draft);
  CHECK(bench.script.submissions == 1);
}

TEST_CASE("a job that the provider has is not submitted again after a crash") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.script.submitted.insert(draft.job().attempts.front().token);
  bench.see(JobState::completed, JobReason::none, Exit{0, 0});
  bench.advance(draft);
  bench.advance(draft);
  CHECK(bench.script.submissions == 0);
  CHECK(draft.job().state == JobState::completed);
}

TEST_CASE("a killed driver's job is staged out of its own directory, not of whoever goes on") {
  DriverBench bench;
  const std::string& place = bench.directory.path();
  bench.script.found = Found::Verdict::present;
  Job job = bench.new_job();
  job.spec.outputs = {{"result", cp::model::file_url(place + "/out"), "always"}};

  SECTION("the provider says where it is") {
    std::filesystem::create_directory(place + "/own");
    REQUIRE(cp::write_file(place + "/own/result", "of the job", 0600));
    bench.script.directory = place + "/own";
    bench.see(JobState::completed, JobReason::none, Exit{0, 0});
    Draft draft = bench.start(job);
    bench.settle(draft);
    CHECK(draft.job().state == JobState::completed);
    CHECK(cp::read_file(place + "/out", 100) == "of the job");
  }

  SECTION("nobody knows where it is") {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(place);
    REQUIRE(cp::write_file(place + "/result", "of the user", 0600));
    bench.see(JobState::completed, JobReason::none, Exit{0, 0});
    Draft draft = bench.start(job);
    bench.settle(draft);
    std::filesystem::current_path(before);
    CHECK(draft.job().reason == JobReason::staging_error);
    CHECK_FALSE(std::filesystem::exists(place + "/out"));
  }
}

TEST_CASE("a driver killed after it removed the directory of a job leaves one that completes") {
  DriverBench bench;
  const std::string& place = bench.directory.path();
  std::filesystem::create_directory(place + "/own");
  REQUIRE(cp::write_file(place + "/own/result", "of the job", 0600));
  bench.script.found = Found::Verdict::present;
  bench.script.directory = place + "/own";
  Job job = bench.new_job();
  job.spec.outputs = {{"result", cp::model::file_url(place + "/out"), "always"}};
  bench.see(JobState::completed, JobReason::none, Exit{0, 0});
  Draft draft = bench.start(job);

  // Another process takes the job while its directory goes: what this one knows is never stored.
  JobStore other = *JobStore::open(place, bench.clock);
  bench.script.on_removal = [&] {
    std::filesystem::remove_all(place + "/own");
    bench.clock.move(10min);
    Draft seen = *other.load(draft.job().id);
    CHECK(seen.job().state == JobState::cleanup);
    REQUIRE(other.take(seen) == true);
  };
  bench.advance(draft);
  bench.clock.move(1s);
  CHECK_FALSE(bench.driver.advance(draft, {}));

  bench.script.on_removal = {};
  Driver next(other, bench.launchers, bench.clock, 1s);
  Draft left = *other.load(draft.job().id);
  REQUIRE(next.advance(left, {}));
  CHECK(left.job().state == JobState::completed);
  CHECK(left.job().usage->bytes_out == 10);
  CHECK(cp::read_file(place + "/out", 100) == "of the job");
}

TEST_CASE("a submission that nobody knows the end of is asked for before it is repeated") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.script.submit_error = cp::Error{Errc::unavailable, "no answer", {}};
  CHECK(bench.advance(draft).what == Pause::For::time);
  CHECK_FALSE(draft.job().has_ended());
  bench.script.submit_error.reset();
  bench.script.submitted.insert(draft.job().attempts.front().token);
  bench.see(JobState::active);
  bench.advance(draft);
  CHECK(bench.script.submissions == 1);
}

TEST_CASE("a refused submission ends the attempt, which never ran") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.script.submit_error = cp::Error{Errc::denied, "no", {}};
  bench.advance(draft);
  CHECK(draft.job().state == JobState::failed);
  CHECK(draft.job().reason == JobReason::provider_error);
  CHECK(draft.job().attempts.front().never_ran);
  CHECK(exit_status_of(draft.job()) == 125);
}

TEST_CASE("a job is canceled when that was seen, not when it was asked for") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.see(JobState::active);
  bench.settle(draft);
  REQUIRE(bench.store.request_cancel(draft.job().id));
  bench.advance(draft);
  CHECK(draft.job().state == JobState::canceling);
  CHECK(bench.script.canceled.size() == 1);
  bench.see(JobState::canceled, JobReason::canceled, Exit{0, 15});
  bench.advance(draft);
  CHECK(draft.job().state == JobState::canceled);
}

TEST_CASE(
    "another attempt is made for the reasons that the job names, later and under a new token") {
  DriverBench bench;
  Job job = bench.new_job();
  job.spec.retry = {{"node_lost"}, 1, {}};
  Draft draft = bench.start(std::move(job));
  bench.see(JobState::failed, JobReason::node_lost);
  bench.advance(draft);
  const Pause pause = bench.advance(draft);
  CHECK(draft.job().state == JobState::queued);
  CHECK(pause.what == Pause::For::time);
  CHECK(pause.at_most > 0ns);
  bench.clock.move(pause.at_most);
  bench.advance(draft);
  REQUIRE(draft.job().attempts.size() == 2);
  CHECK(draft.job().attempts[0].token != draft.job().attempts[1].token);
  bench.advance(draft);
  CHECK(draft.job().state == JobState::failed);
  CHECK(bench.script.submissions == 2);
}

TEST_CASE("no other attempt is made while the provider is silent") {
  DriverBench bench;
  Job job = bench.new_job();
  job.spec.retry = {{"lost", "node_lost"}, 5, {}};
  Draft draft = bench.start(std::move(job));
  bench.script.query_fails = true;
  for (int i = 0; i < 5; ++i) {
    bench.advance(draft);
    bench.clock.move(1h);
  }
  CHECK(draft.job().attempts.size() == 1);
  CHECK(bench.script.submissions == 1);
}

TEST_CASE("what the provider measured is what is billed") {
  DriverBench bench;
  Job job = bench.new_job();
  job.candidates.front().price =
      cp::jobs::Price{"node-hour", {*cp::Decimal::parse("36"), "CNY"}, 1, 0, ""};
  Draft draft = bench.start(std::move(job));
  bench.see(JobState::completed, JobReason::none, Exit{0, 0});
  bench.script.seen.ran_for = 10s;
  bench.advance(draft);
  bench.advance(draft);
  REQUIRE(draft.job().usage);
  CHECK(draft.job().usage->cost->to_string() == "0.10 CNY");
  CHECK_FALSE(draft.job().usage->estimated);
}

TEST_CASE("a time that only we have is marked as an estimate") {
  DriverBench bench;
  Draft draft = bench.start(bench.new_job());
  bench.see(JobState::failed, JobReason::lost);
  bench.advance(draft);
  bench.advance(draft);
  CHECK(draft.job().usage->estimated);
}
