// SPDX-License-Identifier: Apache-2.0
#include "probe/measurement.hpp"

#include "fake_network.hpp"
#include "probe/session.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::model::Json;
using cp::probe::Measurement;
using cp::probe::Outcome;
using cp::probe::Plan;
using cp::probe::Session;
using cp::test::FakeClock;
using cp::test::FakeWire;
using Delays = FakeWire::Delays;
using namespace std::chrono_literals;

namespace {

Measurement measure(std::uint64_t count, const FakeWire::Script& script) {
  FakeClock clock;
  FakeWire wire(clock, script);
  Plan plan;
  plan.count = count;
  Outcome outcome = Session(plan, 1, wire, clock).run({});
  auto verdict = cp::probe::judge(outcome);
  auto score = verdict.is_valid ? cp::probe::score_of(outcome) : std::nullopt;
  return {"m-01M81611JGCB36MYJXTW632HK1",
          "stamp://dtn1.example:862",
          {*cp::net::IpAddress::parse("192.0.2.1"), 862},
          std::nullopt,
          plan,
          std::nullopt,
          std::move(outcome),
          std::move(verdict),
          std::move(score)};
}

}  // namespace

TEST_CASE("what could not be measured is absent or null, never zero") {
  const Measurement silent = measure(10, [](auto) { return Delays{}; });
  const Json record = cp::probe::to_json(silent);
  CHECK(record["valid"] == false);
  CHECK(record["invalid_reasons"] == Json{"no_answer"});
  CHECK(record["rtt"] == Json{{"n", 0}});
  CHECK_FALSE(record.contains("split"));
  CHECK_FALSE(record.contains("pdv"));
  CHECK_FALSE(record.contains("score"));
  CHECK_FALSE(record.contains("lost_up"));
  CHECK(record["loss_ratio"] == 1.0);
  CHECK(record["clock"]["realtime_synced"].is_null());
  const Json quality = cp::probe::to_quality(silent);
  CHECK(quality["valid"] == false);
  CHECK(quality["reason"] == "no_answer");
  CHECK_FALSE(quality.contains("rtt_p50_ns"));
  CHECK_FALSE(quality.contains("score"));
  CHECK(quality["measurement"] == silent.id);

  const Json few = cp::probe::to_json(measure(20, [](auto) { return Delays{1ms}; }));
  CHECK(few["rtt"]["p50_ns"] == 1'000'000);
  CHECK(few["rtt"]["p95_ns"] == 1'000'000);
  CHECK(few["rtt"]["p99_ns"].is_null());
}

TEST_CASE("a measurement says what was planned, what was seen, and what it is worth") {
  const Measurement measured = measure(200, [](auto number) {
    return number % 100 == 0 ? Delays{} : Delays{30ms + 10us * static_cast<int>(number % 50)};
  });
  const Json record = cp::probe::to_json(measured);
  CHECK(record["schema"] == "cp.measurement/1");
  CHECK(record["id"] == measured.id);
  CHECK(record["target"] == "stamp://dtn1.example:862");
  CHECK(record["plan"]["interval_ns"] == 10'000'000);
  CHECK(record["sent"]["planned"] == 200);
  CHECK(record["received"] == 198);
  CHECK(record["lost"] == 2);
  CHECK(record["loss_ratio"] == 0.01);
  CHECK(record["loss_runs"] == Json{{"count", 2}, {"max", 1}});
  CHECK(record["rtt"]["n"] == 198);
  CHECK(record["rtt"]["min_ns"] == 30'000'000);
  CHECK(record["pdv"]["p50_ns"] ==
        record["rtt"]["p50_ns"].get<std::int64_t>() - record["rtt"]["min_ns"].get<std::int64_t>());
  CHECK(record["split"]["reflector"]["p50_ns"] == 2000);
  CHECK(record["score"]["value"].get<double>() > 5);
  const Json quality = cp::probe::to_quality(measured);
  CHECK(quality["valid"] == true);
  CHECK(quality["rtt_p50_ns"] == record["rtt"]["p50_ns"]);
  CHECK(quality["rtt_p99_ns"] == record["rtt"]["p99_ns"]);
  CHECK(quality["score"] == record["score"]["value"]);
  CHECK_FALSE(quality.contains("reason"));
}
