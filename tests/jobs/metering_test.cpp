// SPDX-License-Identifier: Apache-2.0
#include "jobs/metering.hpp"

#include "catch.hpp"

using namespace std::chrono_literals;
using cp::Decimal;
using cp::Money;
using cp::jobs::affordable_seconds;
using cp::jobs::Attempt;
using cp::jobs::cost_of;
using cp::jobs::Price;
using cp::jobs::remaining_budget;
using cp::model::JobResources;

namespace {

Money cny(const char* amount) { return {*Decimal::parse(amount), "CNY"}; }

JobResources resources(std::int64_t cores, std::int64_t cards) {
  JobResources out;
  out.cores_per_process = cores;
  out.gpus = cards;
  return out;
}

Attempt used(const char* amount) {
  Attempt attempt;
  attempt.usage = cp::jobs::Usage{};
  attempt.usage->cost = cny(amount);
  return attempt;
}

}  // namespace

TEST_CASE("what did not run costs nothing, whatever the minimum") {
  const Price price{"core-hour", cny("3.60"), 60, 600, "on-demand"};
  CHECK(cost_of(price, resources(4, 0), 0ns) == cny("0"));
}

TEST_CASE("time is billed in whole quanta, and at least the minimum") {
  const Price price{"core-hour", cny("3.60"), 60, 600, "on-demand"};
  CHECK(cost_of(price, resources(1, 0), 1ns) == cny("0.60"));
  CHECK(cost_of(price, resources(1, 0), 600s) == cny("0.60"));
  CHECK(cost_of(price, resources(1, 0), 601s) == cny("0.66"));
  CHECK(cost_of(price, resources(2, 0), 600s + 1ns) == cny("1.32"));
}

TEST_CASE("cards, cores and nodes are counted over all nodes") {
  JobResources two = resources(16, 8);
  two.nodes = 2;
  CHECK(cost_of({"card-hour", cny("14.50"), 1, 0, ""}, two, 1h) == cny("232"));
  CHECK(cost_of({"core-hour", cny("1"), 1, 0, ""}, two, 1h) == cny("32"));
  CHECK(cost_of({"node-hour", cny("100"), 1, 0, ""}, two, 30min) == cny("100"));
}

TEST_CASE("a budget buys no second more than it pays for") {
  const Price price{"core-hour", cny("3.60"), 1, 0, "on-demand"};
  CHECK(affordable_seconds(price, resources(1, 0), cny("0.0005"), 100) == 0);
  CHECK(affordable_seconds(price, resources(1, 0), cny("0.001"), 100) == 1);
  CHECK(affordable_seconds(price, resources(1, 0), cny("0.0109"), 100) == 10);
  CHECK(affordable_seconds(price, resources(1, 0), cny("900"), 100) == 100);
  const Price coarse{"core-hour", cny("3.60"), 60, 0, "on-demand"};
  CHECK(affordable_seconds(coarse, resources(1, 0), cny("0.07"), 3600) == 60);
}

TEST_CASE("a budget is what the attempts before have left of it") {
  Attempt running;
  running.reserved = cny("5");
  CHECK(remaining_budget(cny("10"), {used("1.50"), running})->amount == *Decimal::parse("3.50"));
  CHECK_FALSE(remaining_budget({*Decimal::parse("10"), "USD"}, {used("1")}));
  CHECK_FALSE(remaining_budget(cny("10"), {Attempt{}}));
}

TEST_CASE("usage adds up, and a cost that is unknown stays unknown") {
  Attempt first = used("1");
  Attempt second = used("2");
  CHECK(cp::jobs::total_usage({first, second})->cost == cny("3"));
  second.usage->cost.reset();
  CHECK_FALSE(cp::jobs::total_usage({first, second})->cost);
  CHECK_FALSE(cp::jobs::total_usage({}));
}

TEST_CASE("card-hours are exact, by the model of the record") {
  Attempt attempt;
  attempt.at.card_model = "H100-SXM-80GB";
  const auto usage = cp::jobs::usage_of(attempt, resources(1, 8), 4h);
  CHECK(usage.card_hours.at("H100-SXM-80GB").to_string() == "32.00");
  CHECK(usage.card_s == 8 * 4 * 3600);
  CHECK_FALSE(usage.cost);
}
