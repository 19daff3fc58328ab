// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"
#include "provider/shell/wrapper.hpp"
#include "provider/slurm/queue.hpp"
#include "provider/slurm/request.hpp"

#include "catch.hpp"
#include <algorithm>
#include <string>

using cp::Errc;
using cp::model::JobReason;
using cp::model::JobState;
using cp::provider::Observation;
using cp::provider::Task;
using cp::provider::slurm::observe;
using cp::provider::slurm::options_of;
using cp::provider::slurm::read_picture;
using cp::provider::slurm::Seen;

namespace {

const std::string kToken = "cp-01m852bgc3dgrxy4bbzesn41ma-1";

// How the job of kToken stands when LINES, of which each may begin with "T " for the token, are
// told.
Observation seen_in(std::string lines, std::int64_t now = 1'000'000) {
  for (std::size_t at = 0; (at = lines.find("T ", at)) != std::string::npos; at += kToken.size()) {
    if (at == 0 || lines[at - 1] == '\n') {
      lines.replace(at, 1, kToken);
    } else {
      ++at;
    }
  }
  const auto picture = read_picture("now " + std::to_string(now) + "\n" + lines + "\nwhole\n");
  INFO((picture ? "" : picture.error().message));
  REQUIRE(picture);
  const auto known = picture->seen.find(kToken);
  return observe(kToken, known == picture->seen.end() ? Seen{} : known->second, picture->now);
}

std::string row(const std::string& id, const std::string& state,
                const std::string& reason = "None") {
  return "row|" + id + "|" + state + "|1000000|" + reason + "|sh." + kToken + "\n";
}

const std::string kFence = "T fence 7\nT started 999000\n";

bool has(const std::vector<std::string>& options, const std::string& option) {
  return std::ranges::find(options, option) != options.end();
}

}  // namespace

TEST_CASE("an answer that is cut, empty or an error is no answer") {
  for (const char* wrong : {"", "now 5\n", "now 5\nrow|1|RUNNING|5|None|sh.x\n", "whole\n",
                            "now x\nwhole\n", "now 5\nrow|1|RUNNING\nwhole\n"}) {
    CAPTURE(wrong);
    CHECK(read_picture(wrong).error().code == Errc::protocol);
  }
  const auto failed =
      read_picture("now 5\nfailed slurm_load_jobs error: Unable to contact slurm controller\n");
  CHECK(failed.error().code == Errc::unavailable);
  CHECK(failed.error().message.find("Unable to contact") != std::string::npos);
}

TEST_CASE("what waits, runs and has ended is told apart by queue and fence") {
  CHECK(seen_in(row("7", "PENDING", "Priority")).state == JobState::queued);
  CHECK(seen_in(row("7", "PENDING", "JobHeldUser")).state == JobState::held);
  CHECK(seen_in(row("7", "PENDING", "DependencyNeverSatisfied")).state == JobState::held);
  CHECK(seen_in(row("7", "RUNNING")).state == JobState::queued);  // it has not taken its token yet
  CHECK(seen_in(kFence + row("7", "RUNNING")).state == JobState::active);
  CHECK(seen_in(kFence + row("7", "COMPLETING")).state == JobState::active);
  CHECK(seen_in(kFence + row("7", "OF_A_FUTURE_VERSION")).state == JobState::active);
}

TEST_CASE("what Slurm has done to a job is its end, with the reason") {
  struct Case {
    const char* state;
    JobState ours;
    JobReason reason;
  };
  const Case test = GENERATE(Case{"TIMEOUT", JobState::failed, JobReason::timeout},
                             Case{"OUT_OF_MEMORY", JobState::failed, JobReason::out_of_memory},
                             Case{"NODE_FAIL", JobState::failed, JobReason::node_lost},
                             Case{"BOOT_FAIL", JobState::failed, JobReason::node_lost},
                             Case{"PREEMPTED", JobState::failed, JobReason::preempted},
                             Case{"DEADLINE", JobState::failed, JobReason::timeout},
                             Case{"CANCELLED", JobState::canceled, JobReason::canceled});
  CAPTURE(test.state);
  const Observation alone = seen_in(kFence + row("7", test.state) + "T code 7 0 9\n");
  CHECK(alone.state == test.ours);
  CHECK(alone.reason == test.reason);
  CHECK(alone.exit->status() == 137);
  CHECK_FALSE(alone.never_ran);
  const Observation recorded =
      seen_in(kFence + "T ended at 999010\nT ended exit 137\nT ended .\n" + row("7", test.state));
  CHECK(recorded.state == test.ours);
  CHECK(recorded.exit->signal == 9);
  CHECK(seen_in(row("7", test.state)).never_ran);
}

TEST_CASE("the job's own record says how it ended, and only a whole one counts") {
  const std::string record =
      "T ended at 999010\nT ended started 999000\nT ended ran 10.50 20.75\nT ended exit 3\n"
      "T ended times 0m1.50s 2m0.25s\n";
  const Observation seen = seen_in(kFence + record + "T ended .\n");
  CHECK(seen.state == JobState::failed);
  CHECK(seen.reason == JobReason::user_error);
  CHECK(seen.exit->code == 3);
  CHECK(seen.ran_for == std::chrono::milliseconds(10250));
  CHECK(seen.used.user_s == 1.5);
  CHECK(seen.used.system_s == 120.25);
  CHECK(seen_in(kFence + record + row("7", "RUNNING")).state == JobState::active);
  CHECK(seen_in(kFence + record).state == JobState::unknown);
  // A signal may have come from Slurm, which says so when it is through.
  CHECK(seen_in(kFence + "T ended exit 143\nT ended .\n" + row("7", "RUNNING")).state ==
        JobState::active);
  CHECK(seen_in(kFence + "T ended exit 143\nT ended .\n").reason == JobReason::user_error);
  CHECK(seen_in(kFence + "T ended exit 143\nT ended cause time_limit\nT ended .\n").reason ==
        JobReason::timeout);
  CHECK(seen_in(kFence + "T ended exit 143\nT ended cause canceled\nT ended .\n").state ==
        JobState::canceled);
}

TEST_CASE("a record of noise ends in no nonsense") {
  const Observation seen =
      seen_in(kFence +
              "T ended exit 99999999999999999999\nT ended ran x y\nT ended ran 5 1e400\n"
              "T ended times 1m2 3\nT ended at -5\nT ended\nT ended .\nT code 7 300 -1\nT code\n");
  CHECK(seen.state == JobState::failed);
  CHECK_FALSE(seen.exit);
  CHECK_FALSE(seen.ran_for);
  CHECK_FALSE(seen.ended_at);
}

TEST_CASE("what nobody knows of is unknown for a while, and then lost") {
  CHECK(seen_in("").native_state == "absent");
  CHECK(seen_in("T submitted 999990\n").state == JobState::unknown);
  CHECK(seen_in("T submitted 999000\nT missed 999990\n").state == JobState::unknown);
  const Observation never = seen_in("T submitted 999000\nT missed 999100\n");
  CHECK(never.reason == JobReason::lost);
  CHECK(never.never_ran);
  // Its record may still lie in the cache of a network file system.
  CHECK(seen_in(kFence + row("7", "COMPLETED")).state == JobState::unknown);
  CHECK(seen_in(kFence + row("7", "FAILED") + "T missed 999100\n").reason == JobReason::lost);
  const Observation lost = seen_in(kFence + "T missed 999100\n");
  CHECK(lost.reason == JobReason::lost);
  CHECK_FALSE(lost.never_ran);
  CHECK(seen_in("T fence canceled\nT missed 999100\n").state == JobState::canceled);
}

TEST_CASE("of two submissions under one token the one that holds the fence counts") {
  const std::string both = row("7", "RUNNING") + row("8", "COMPLETED");
  CHECK(seen_in(kFence + both).state == JobState::active);
  CHECK(seen_in(kFence + both).native_id == "7");
  CHECK(seen_in(row("6", "CANCELLED") + row("8", "PENDING")).state == JobState::queued);
}

TEST_CASE("a job asks Slurm for what its task wants, in whole units") {
  Task task;
  task.token = kToken;
  task.name = "a name, 'with' $(words) | and bars; longer than a column has room for";
  task.resources.nodes = 2;
  task.resources.processes_per_node = 3;
  task.resources.cores_per_process = 4;
  task.resources.memory_bytes = (1 << 20) + 1;
  task.resources.gpus = 2;
  task.time_limit = std::chrono::seconds(61);
  task.grace = std::chrono::seconds(5);
  task.queue = "long";
  task.account = "physics";
  task.custom = {{"slurm.qos", "high"}, {"slurm.exclusive", ""}, {"pbs.x", "1"}};
  const auto options = options_of(task, nullptr);
  REQUIRE(options);
  for (const char* wanted :
       {"--no-requeue", "--nodes=2", "--ntasks-per-node=3", "--cpus-per-task=4", "--mem=2M",
        "--gres=gpu:2", "--time=3", "--partition=long", "--account=physics", "--qos=high",
        "--exclusive"}) {
    CAPTURE(wanted);
    CHECK(has(*options, wanted));
  }
  CHECK(cp::provider::slurm::job_name(task) ==
        "a_name___with____words____and_bars__long." + kToken);
  task.custom = {{"slurm.--qos x", "1"}};
  CHECK(options_of(task, nullptr).error().code == Errc::usage);
}

TEST_CASE("a word of sh is the word, whatever is in it") {
  const std::string odd = "'\\\"$(x)`y`\n\t*?[a]~#&|;<>(){}!- \xff";
  const auto said =
      cp::capture({.argv = {"sh", "-c", "printf %s " + cp::provider::shell::word_of(odd)}}, "",
                  std::chrono::seconds(20));
  REQUIRE(said);
  CHECK(said->output == odd);
  CHECK(cp::provider::shell::word_of("") == "''");
}
