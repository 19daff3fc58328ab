// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"

#include <optional>

namespace cp::market {

/// The worst and the best of what was compared.
struct Scale {
  double worst = 0;
  double best = 0;

  /// The scale of costs between CHEAPEST and DEAREST; one cost alone is the best there is.
  static Scale of_costs(double cheapest, double dearest);
};

/// 10 × (INPUT − worst) ÷ (best − worst), clamped to 0..10.
double score(double input, const Scale& scale);

inline constexpr double kCostWeight = 0.5;
inline constexpr double kWaitWeight = 0.25;
/// An hour of waiting is as bad as it gets.
inline constexpr Scale kWaitScale{3600, 0};

/// The `scores` of a cp.offer/1: each criterion with all that is needed to compute it again, and
/// their weighted mean, in which an unknown one counts 0. Without COSTS nobody's cost is known and
/// none is compared.
model::Json scores_of(std::optional<double> cost, const std::optional<Scale>& costs,
                      std::optional<double> wait_s);

}  // namespace cp::market
