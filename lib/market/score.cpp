// SPDX-License-Identifier: Apache-2.0
#include "market/score.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::market {
namespace {

using model::Json;

// Two places are enough for a person, and for computing them again.
double rounded(double points) { return std::round(points * 100) / 100; }

Json criterion(std::optional<double> input, const Scale& scale, double weight) {
  const Json value = input ? Json(rounded(score(*input, scale))) : Json();
  return {{"value", value},       {"input", input ? Json(*input) : Json()},
          {"worst", scale.worst}, {"best", scale.best},
          {"scale", "linear"},    {"weight", weight}};
}

}  // namespace

Scale Scale::of_costs(double cheapest, double dearest) {
  if (dearest > cheapest) {
    return {dearest, cheapest};
  }
  return {cheapest > 0 ? 2 * cheapest : 1, cheapest};
}

double score(double input, const Scale& scale) {
  return std::clamp(10 * (input - scale.worst) / (scale.best - scale.worst), 0.0, 10.0);
}

Json scores_of(std::optional<double> cost, const std::optional<Scale>& costs,
               std::optional<double> wait_s) {
  Json scores = Json::object();
  if (costs) {
    scores["cost"] = criterion(cost, *costs, kCostWeight);
  }
  scores["wait"] = criterion(wait_s, kWaitScale, kWaitWeight);
  double sum = 0;
  double weights = 0;
  for (const Json& one : scores) {
    const double weight = one["weight"].get<double>();
    sum += one["value"].is_null() ? 0 : one["value"].get<double>() * weight;
    weights += weight;
  }
  scores["total"] = rounded(sum / weights);
  return scores;
}

}  // namespace cp::market
