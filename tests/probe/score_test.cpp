// SPDX-License-Identifier: Apache-2.0
#include "probe/score.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <cmath>

using cp::probe::Outcome;
using cp::probe::score_of;
using cp::probe::ScoreInput;
using namespace std::chrono_literals;

namespace {

Outcome of(std::uint64_t received, std::uint64_t lost, std::chrono::nanoseconds base,
           std::chrono::nanoseconds step) {
  Outcome outcome(received);
  outcome.planned = outcome.sent = received + lost;
  outcome.received = received;
  outcome.lost = lost;
  for (std::uint64_t i = 0; i < received; ++i) {
    outcome.rtt.add(base + step * static_cast<std::int64_t>(i));
  }
  return outcome;
}

}  // namespace

TEST_CASE("nothing answered has no score") {
  CHECK_FALSE(score_of(of(0, 0, 1ms, 0ns)));
  CHECK_FALSE(score_of(of(0, 10, 1ms, 0ns)));
}

TEST_CASE("an input is on its scale between worst and best, and clamped") {
  const ScoreInput linear{"x", 25, 50, 0, "linear", 1};
  CHECK(linear.value() == 5.0);
  CHECK(ScoreInput{"x", 60, 50, 0, "linear", 1}.value() == 0.0);
  CHECK(ScoreInput{"x", -1, 50, 0, "linear", 1}.value() == 10.0);
  CHECK(ScoreInput{"x", 10, 100, 1, "log10", 1}.value() == 5.0);
  CHECK(ScoreInput{"x", 0, 100, 1, "log10", 1}.value() == 10.0);
}

TEST_CASE("the best path has 10, one at its limits 0, and losses of 2 % are the end") {
  CHECK(score_of(of(200, 0, 1ms, 0ns))->value == 10.0);
  CHECK(score_of(of(100, 10, 1ms, 0ns))->value == 0.0);
  CHECK(score_of(of(98, 2, 1ms, 0ns))->value == 0.0);
  // Loss is fine (25 of 60), round trip and variation are as bad as they get.
  CHECK(score_of(of(200, 0, 1s, 1ms))->value == Approx(4.17));
}

TEST_CASE("a score is computed again from what it prints") {
  const auto score = score_of(of(199, 1, 31ms, 20us));
  REQUIRE(score);
  const auto json = cp::probe::to_json(*score);
  double sum = 0;
  double weights = 0;
  for (const auto& [name, input] : json["inputs"].items()) {
    const bool is_log = input["scale"] == "log10";
    const auto scale = [&](double x) { return is_log ? std::log10(x) : x; };
    const double worst = scale(input["worst"].get<double>());
    const double best = scale(input["best"].get<double>());
    const double value = 10 * (scale(input["input"].get<double>()) - worst) / (best - worst);
    INFO(name);
    CHECK(std::abs(std::clamp(value, 0.0, 10.0) - input["value"].get<double>()) <= 0.0051);
    sum += input["weight"].get<double>() * input["value"].get<double>();
    weights += input["weight"].get<double>();
  }
  CHECK(std::abs(sum / weights - json["value"].get<double>()) <= 0.0051);
  CHECK(json["inputs"].contains("rtt_p95_ns"));
  CHECK(json["inputs"].contains("pdv_p99_ns"));
}

TEST_CASE("with few answers the greatest stands for the quantile, and the name says so") {
  const auto json = cp::probe::to_json(*score_of(of(5, 0, 1ms, 1ms)));
  CHECK(json["inputs"]["rtt_max_ns"]["input"] == 5e6);
  CHECK(json["inputs"]["pdv_max_ns"]["input"] == 4e6);
}
