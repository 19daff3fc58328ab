// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "net/address.hpp"
#include "probe/clock_state.hpp"
#include "probe/outcome.hpp"
#include "probe/score.hpp"
#include "probe/verdict.hpp"

#include <optional>
#include <string>

namespace cp::probe {

/// One run of a session with everything around it.
struct Measurement {
  std::string id;      ///< "m-" and a ULID
  std::string target;  ///< "stamp://dtn1.shlab.example:862"
  net::Endpoint peer;  ///< that the target's name stood for
  std::optional<net::Endpoint> source;
  Plan plan;
  std::optional<ClockState> clock;
  Outcome outcome;
  Verdict verdict;
  std::optional<Score> score;  ///< absent unless it is valid
};

/// MEASUREMENT as cp.measurement/1. A quantile that lies beyond the samples is null; what was not
/// measured at all is absent.
model::Json to_json(const Measurement& measurement);

/// MEASUREMENT as the `quality` of an offer.
model::Json to_quality(const Measurement& measurement);

}  // namespace cp::probe
