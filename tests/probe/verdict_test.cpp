// SPDX-License-Identifier: Apache-2.0
#include "probe/verdict.hpp"

#include "catch.hpp"

using cp::probe::judge;
using cp::probe::Outcome;
using namespace std::chrono_literals;
using Reasons = std::vector<std::string>;

namespace {

// COUNT packets, all answered after 10 ms, give or take a thousandth.
Outcome answered(std::uint64_t count) {
  Outcome outcome(count);
  outcome.planned = outcome.sent = outcome.received = count;
  for (std::uint64_t i = 0; i < count; ++i) {
    outcome.rtt.add(10ms + std::chrono::microseconds(i % 10));
  }
  return outcome;
}

}  // namespace

TEST_CASE("a silent, a refusing and an unreachable peer are told apart") {
  Outcome silent(0);
  silent.planned = silent.sent = silent.lost = 10;
  CHECK(judge(silent).reasons == Reasons{"no_answer"});
  CHECK_FALSE(judge(silent).is_valid);
  CHECK(judge(silent).confidence == "low");

  Outcome refusing = std::move(silent);
  refusing.refused = 3;
  CHECK(judge(refusing).reasons == Reasons{"refused"});

  Outcome unsent(0);
  unsent.planned = unsent.unsent = 10;
  CHECK(judge(unsent).reasons == Reasons{"cannot_send"});
}

TEST_CASE("a few answers of many are too few, however well they look") {
  Outcome outcome = answered(4);
  outcome.planned = outcome.sent = 100;
  CHECK(judge(outcome).reasons == Reasons{"too_few_replies"});
  CHECK(judge(answered(1)).is_valid);
  CHECK(judge(answered(1)).confidence == "low");
}

TEST_CASE("a sender that missed more than a hundredth of its slots is at fault itself") {
  Outcome outcome = answered(198);
  outcome.planned = 200;
  outcome.missed = 2;
  CHECK(judge(outcome).is_valid);
  CHECK(judge(outcome).confidence == "medium");
  outcome.missed = 3;
  CHECK(judge(outcome).reasons == Reasons{"host_overload"});
}

TEST_CASE("a clock that was set once spoils one sample, one that is set all the time the run") {
  Outcome outcome = answered(200);
  outcome.clock_steps = 1;
  outcome.wild = 1;
  CHECK(judge(outcome).is_valid);
  outcome.wild = 100;
  CHECK(judge(outcome).reasons == Reasons{"clock_stepped"});
  outcome.clock_steps = 0;
  CHECK(judge(outcome).is_valid);
}

TEST_CASE("losses alone do not make a measurement invalid") {
  Outcome outcome = answered(50);
  outcome.planned = outcome.sent = 100;
  outcome.lost = 50;
  CHECK(judge(outcome).is_valid);
}

TEST_CASE("confidence grows with the answers and shrinks with their spread") {
  CHECK(judge(answered(19)).confidence == "low");
  CHECK(judge(answered(20)).confidence == "medium");
  CHECK(judge(answered(100)).confidence == "high");
  Outcome wide(100);
  wide.planned = wide.sent = wide.received = 100;
  for (int i = 0; i < 100; ++i) {
    wide.rtt.add(1ms * i * i);
  }
  CHECK(judge(wide).confidence == "medium");
}
