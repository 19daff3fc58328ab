// SPDX-License-Identifier: Apache-2.0
#include "probe/score.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::probe {
namespace {

constexpr std::string_view kLinear = "linear";
constexpr std::string_view kLogarithmic = "log10";
constexpr std::string_view kLoss = "loss_ratio";

double count_of(std::chrono::nanoseconds value) { return static_cast<double>(value.count()); }

ScoreInput rtt_input(const Distribution& rtt, const Distribution::Quantiles& quantiles) {
  const auto p95 = quantiles.at(950);
  return {p95 ? "rtt_p95_ns" : "rtt_max_ns",
          count_of(p95.value_or(rtt.greatest())),
          300e6,
          5e6,
          kLogarithmic,
          0.25};
}

ScoreInput pdv_input(const Distribution& rtt, const Distribution::Quantiles& quantiles) {
  const auto p99 = quantiles.at(990);
  return {p99 ? "pdv_p99_ns" : "pdv_max_ns",
          count_of(p99.value_or(rtt.greatest()) - rtt.least()),
          50e6,
          0.5e6,
          kLinear,
          0.1};
}

}  // namespace

double two_decimals(double value) { return std::round(value * 100) / 100; }

double ScoreInput::value() const {
  const auto on_scale = [this](double x) {
    return scale == kLogarithmic ? std::log10(std::max(x, 1e-9)) : x;
  };
  const double part = (on_scale(input) - on_scale(worst)) / (on_scale(best) - on_scale(worst));
  return two_decimals(10 * std::clamp(part, 0.0, 1.0));
}

std::optional<Score> score_of(const Outcome& outcome) {
  const auto loss = outcome.loss_ratio();
  if (!loss || outcome.received == 0) {
    return std::nullopt;
  }
  const Distribution::Quantiles quantiles(outcome.rtt);
  Score score;
  score.inputs = {rtt_input(outcome.rtt, quantiles),
                  {std::string(kLoss), *loss, 0.02, 0, kLinear, 0.25},
                  pdv_input(outcome.rtt, quantiles)};
  double sum = 0;
  double weights = 0;
  for (const ScoreInput& input : score.inputs) {
    sum += input.weight * input.value();
    weights += input.weight;
    if (input.name == kLoss && input.value() == 0) {
      return Score{0, std::move(score.inputs)};
    }
  }
  score.value = two_decimals(sum / weights);
  return score;
}

model::Json to_json(const Score& score) {
  model::Json inputs = model::Json::object();
  for (const ScoreInput& input : score.inputs) {
    inputs[input.name] = {{"value", input.value()}, {"input", input.input},
                          {"worst", input.worst},   {"best", input.best},
                          {"scale", input.scale},   {"weight", input.weight}};
  }
  return {{"value", score.value}, {"inputs", std::move(inputs)}};
}

}  // namespace cp::probe
