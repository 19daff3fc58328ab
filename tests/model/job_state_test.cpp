// SPDX-License-Identifier: Apache-2.0
#include "model/job_state.hpp"

#include "catch.hpp"
#include <array>

using cp::model::is_terminal;
using cp::model::job_reason_of;
using cp::model::job_state_of;
using cp::model::JobState;
using cp::model::may_follow;
using cp::model::name_of;

namespace {

constexpr std::array kAll{JobState::fresh,     JobState::queued,    JobState::held,
                          JobState::stage_in,  JobState::active,    JobState::stage_out,
                          JobState::cleanup,   JobState::canceling, JobState::unknown,
                          JobState::completed, JobState::failed,    JobState::canceled};

}  // namespace

TEST_CASE("nothing follows the end of an attempt") {
  for (const auto end : {JobState::completed, JobState::failed, JobState::canceled}) {
    CHECK(is_terminal(end));
    for (const auto next : kAll) {
      CHECK_FALSE(may_follow(end, next));
    }
  }
}

TEST_CASE("an attempt never goes back") {
  constexpr std::array forward{JobState::fresh,     JobState::queued,    JobState::stage_in,
                               JobState::active,    JobState::stage_out, JobState::cleanup,
                               JobState::canceling, JobState::completed};
  for (std::size_t i = 0; i < forward.size(); ++i) {
    for (std::size_t j = 0; j < forward.size(); ++j) {
      INFO(name_of(forward[i]) << " to " << name_of(forward[j]));
      CHECK(may_follow(forward[i], forward[j]) == (i < j));
    }
  }
}

TEST_CASE("a held job may wait on, and a job whose provider is silent may be anywhere") {
  CHECK(may_follow(JobState::held, JobState::queued));
  CHECK(may_follow(JobState::queued, JobState::held));
  CHECK_FALSE(may_follow(JobState::active, JobState::held));
  CHECK(may_follow(JobState::active, JobState::unknown));
  CHECK(may_follow(JobState::queued, JobState::canceled));
  CHECK_FALSE(may_follow(JobState::canceling, JobState::active));
}

TEST_CASE("states and reasons keep their names") {
  for (const auto state : kAll) {
    CHECK(job_state_of(name_of(state)) == state);
  }
  CHECK(name_of(JobState::fresh) == "NEW");
  CHECK_FALSE(job_state_of("RUNNING"));
  CHECK(name_of(cp::model::JobReason::node_lost) == "node_lost");
  CHECK(job_reason_of("node_lost") == cp::model::JobReason::node_lost);
  CHECK_FALSE(job_reason_of(""));
}
