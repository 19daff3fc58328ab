// SPDX-License-Identifier: Apache-2.0
#include "identity/child_limits.hpp"

#include "fixed_clock.hpp"
#include "identity/rate_limiter.hpp"

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using namespace std::chrono_literals;

TEST_CASE("a limit that is none is refused") {
  for (const char* text : {"records", "records=", "records=x", "records=-1", "bytes=1XB", "rate=5",
                           "rate=0/s", "rate=5/week", "rate=/s", "colour=red", "86.01:records=1",
                           "x:records=1", "86:", "records=1,"}) {
    INFO(text);
    const auto table = ChildLimitTable::parse({text});
    REQUIRE(!table);
    CHECK(table.error().code == cp::Errc::usage);
  }
}

TEST_CASE(
    "a prefix has the limits of the longest prefix that was named, and the rest of those above") {
  const auto table = ChildLimitTable::parse(
      {"86.3:bytes=1MB", R"(["86.3.7:rate=5/min", "records=10,rate=3/h"])", "86.30:records=4"});
  REQUIRE(table);
  CHECK(table->of("1").records == 10);
  CHECK(table->of("1").bytes == ChildLimits{}.bytes);
  CHECK(table->of("86.3.6").bytes == 1'000'000);
  CHECK(table->of("86.3.6").rate.per == 1h);
  CHECK(table->of("86.3.7.1").bytes == 1'000'000);
  CHECK(table->of("86.3.7.1").records == 10);
  CHECK(show_rate(table->of("86.3.7.1").rate) == "5/min");
  CHECK(table->of("86.30").records == 4);
}

TEST_CASE("what was used of a rate flows off, and a clock that goes back gives nothing") {
  FixedClock clock{"2026-11-22T08:00:00Z"};
  RateLimiter limiter;
  const Rate rate{60, 60s};
  for (int i = 0; i < 60; ++i) {
    CHECK(!limiter.use("a", rate, 1, clock.now()));
  }
  CHECK(limiter.use("a", rate, 1, clock.now()) == 1s);
  CHECK(limiter.use("a", rate, 30, clock.now()) == 30s);
  CHECK(!limiter.use("b", rate, 1, clock.now()));
  clock.move(-1h);
  CHECK(limiter.use("a", rate, 1, clock.now()));
  clock.move(10s);
  CHECK(!limiter.use("a", rate, 10, clock.now()));
  CHECK(limiter.use("a", rate, 1, clock.now()));
  // More than there ever will be is refused, too.
  clock.move(24h);
  CHECK(limiter.use("a", rate, 61, clock.now()));
}
