// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "market/demand.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cp::market {

/// Whether a demand can start now.
struct Availability {
  /// free: a whole piece of the asked shape is free; queued: it is not, and there is a queue to
  /// wait in; busy: it is not; none: the resource can never give it, or is down; unknown.
  std::string verdict = "unknown";
  std::optional<std::int64_t> cards_free, cores_free, memory_free_bytes;
  std::optional<double> wait_s;
  std::string observed_at;
  std::optional<double> age_s;
  std::string expires_at;  ///< until when STATE says that it holds
};

/// The availability of a resource in STATE (cp.state/1) for DEMAND at NOW. A state that is older
/// than it says it may be, or from more than 60 s ahead, tells nothing.
Availability judge(const model::Json& state, const Demand& demand, UnixTime now);

/// AVAILABILITY as in cp.offer/1.
model::Json to_json(const Availability& availability);

}  // namespace cp::market
