// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cp::probe {

/// A condition under which a measurement fails, for those who want an exit status and no parsing:
/// "rtt.p99>5ms", "loss>=0.1%", "score<7".
class Threshold {
 public:
  /// FIELD OP VALUE: OP is one of > >= < <=. FIELD is `loss` (VALUE a percentage or a ratio),
  /// `score`, `duplicates`, `reordered` (numbers), or a group and a figure of it (durations): rtt,
  /// response with min mean max stddev p50 p75 p90 p95 p99 p999; pdv with p50 p95 p99 p999; net,
  /// reflector, app_tx, app_rx with p50 p99. usage, with the near match, for anything else.
  static Result<Threshold> parse(std::string_view text);

  /// Why MEASUREMENT (cp.measurement/1) fails, in words; nullopt when it does not. A figure that is
  /// not known fails: nobody can say that it is kept.
  std::optional<std::string> failure(const model::Json& measurement) const;

 private:
  bool is_met(double value) const;

  std::string text_;
  std::string path_;
  std::string operator_;
  double bound_ = 0;
  bool is_duration_ = false;
};

}  // namespace cp::probe
