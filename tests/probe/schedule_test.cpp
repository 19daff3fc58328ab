// SPDX-License-Identifier: Apache-2.0
#include "probe/schedule.hpp"

#include "catch.hpp"

using cp::SteadyTime;
using cp::probe::Schedule;
using namespace std::chrono_literals;

namespace {
const SteadyTime kStart{5s};
}

TEST_CASE("no slot is taken before its time") {
  Schedule schedule(kStart, 10ms, 3);
  CHECK_FALSE(schedule.take(kStart - 1ns));
  const auto first = schedule.take(kStart);
  REQUIRE(first);
  CHECK(first->index == 0);
  CHECK(first->planned == kStart);
  CHECK_FALSE(schedule.take(kStart + 10ms - 1ns));
  CHECK(schedule.due() == kStart + 10ms);
}

TEST_CASE("a late slot keeps its planned time, and the next one its own") {
  Schedule schedule(kStart, 10ms, 3);
  schedule.take(kStart);
  const auto second = schedule.take(kStart + 19ms);
  REQUIRE(second);
  CHECK(second->index == 1);
  CHECK(second->planned == kStart + 10ms);
  CHECK(schedule.missed() == 0);
  CHECK(schedule.due() == kStart + 20ms);
}

TEST_CASE("slots whose time has gone by are counted as missed, not made up for") {
  Schedule schedule(kStart, 10ms, 100);
  schedule.take(kStart);
  const auto late = schedule.take(kStart + 57ms);
  REQUIRE(late);
  CHECK(late->index == 5);
  CHECK(late->planned == kStart + 50ms);
  CHECK(schedule.missed() == 4);
  CHECK(schedule.passed() == 6);
  CHECK_FALSE(schedule.take(kStart + 57ms));
}

TEST_CASE("every slot is either taken or missed") {
  Schedule schedule(kStart, 3ms, 1000);
  std::uint64_t taken = 0;
  for (auto now = kStart; !schedule.is_done(); now += 7ms) {
    taken += schedule.take(now).has_value() ? 1U : 0U;
  }
  CHECK(taken + schedule.missed() == 1000);
  CHECK(schedule.passed() == 1000);
  CHECK(schedule.missed() > 500);
  CHECK_FALSE(schedule.take(kStart + 24h));
}

TEST_CASE("a stall past the end leaves the last slot") {
  Schedule schedule(kStart, 10ms, 5);
  const auto slot = schedule.take(kStart + 1h);
  REQUIRE(slot);
  CHECK(slot->index == 4);
  CHECK(schedule.missed() == 4);
  CHECK(schedule.is_done());
}

TEST_CASE("a schedule of no count never ends") {
  Schedule schedule(kStart, 1ms, 0);
  const auto slot = schedule.take(kStart + 24h * 365);
  REQUIRE(slot);
  CHECK_FALSE(schedule.is_done());
  CHECK(schedule.passed() == 24ULL * 365 * 3600 * 1000 + 1);
}
