// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "probe/outcome.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::probe {

/// One figure on its way to a score: 10 × (input − worst) ÷ (best − worst), on a linear or a
/// logarithmic scale, clamped to 0..10.
struct ScoreInput {
  std::string name;  ///< of the figure, with its unit: "rtt_p95_ns"
  double input = 0;
  double worst = 0;
  double best = 0;
  std::string_view scale;  ///< "linear" or "log10"
  double weight = 0;

  double value() const;
};

/// How good a path is, from 0 (poor) to 10 (best), with all that it was made from, in the manner of
/// the communication metric of draft-ietf-cats-metric-definition (level 1, min-max): the weighted
/// mean of the inputs, and 0 as soon as one that is a gate (loss) is at its worst.
struct Score {
  double value = 0;  ///< two decimals
  std::vector<ScoreInput> inputs;
};

/// The score of what a session found out; nullopt when nothing was answered. Round trip (p95, or
/// the greatest of fewer than 20), losses, and delay variation (p99 − least, or greatest − least of
/// fewer than 100) count 25 : 25 : 10.
std::optional<Score> score_of(const Outcome& outcome);

/// {"value":…, "inputs":{"rtt_p95_ns":{"value","input","worst","best","scale","weight"},…}}
model::Json to_json(const Score& score);

/// VALUE with two decimals, as scores are printed.
double two_decimals(double value);

}  // namespace cp::probe
