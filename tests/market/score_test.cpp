// SPDX-License-Identifier: Apache-2.0
#include "market/score.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::market::Scale;
using cp::market::score;
using cp::market::scores_of;

TEST_CASE("a score lies between the worst and the best, and is cut beyond them") {
  CHECK(score(1400, {1400, 120}) == 0);
  CHECK(score(120, {1400, 120}) == 10);
  CHECK(score(760, {1400, 120}) == Approx(5));
  CHECK(score(2000, {1400, 120}) == 0);
  CHECK(score(0, {1400, 120}) == 10);
}

TEST_CASE("one cost alone is the best there is") {
  const Scale scale = Scale::of_costs(5, 5);
  CHECK(score(5, scale) == 10);
  CHECK(scale.worst != scale.best);
  const Scale free = Scale::of_costs(0, 0);
  CHECK(score(0, free) == 10);
}

TEST_CASE("what is not known counts nothing in the total") {
  const auto scores = scores_of(std::nullopt, Scale{10, 0}, 0);
  CHECK(scores["cost"]["value"].is_null());
  CHECK(scores["cost"]["input"].is_null());
  CHECK(scores["wait"]["value"] == 10);
  CHECK(scores["total"].get<double>() == Approx(10 * 0.25 / 0.75).margin(0.006));
  const auto no_costs = scores_of(std::nullopt, std::nullopt, std::nullopt);
  CHECK(no_costs.count("cost") == 0);
  CHECK(no_costs["total"] == 0);
}

TEST_CASE("a score can be computed again from what is printed") {
  const auto scores = scores_of(664, Scale{1400, 120}, 1800);
  const auto& cost = scores["cost"];
  CHECK(cost["value"].get<double>() ==
        Approx(10 * (cost["input"].get<double>() - cost["worst"].get<double>()) /
               (cost["best"].get<double>() - cost["worst"].get<double>()))
            .margin(0.006));
  CHECK(scores["wait"]["value"] == 5);
  CHECK(scores["total"].get<double>() == Approx((5.75 * 0.5 + 5 * 0.25) / 0.75).margin(0.006));
}
