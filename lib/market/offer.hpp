// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/demand.hpp"
#include "market/score.hpp"
#include "market/subject.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cp::market {

/// What an offer is ranked by: the job's price, or the hour's where nobody said how long it takes.
std::optional<double> cost_of(const Quote& quote);

/// The cp.offer/1 of SUBJECT for DEMAND, as RANK of those that were compared on COSTS. ACCESS
/// stands in it only where cprun may launch.
model::Json offer_of(const Subject& subject, const Demand& demand, std::int64_t rank,
                     const std::string& id, const std::optional<Scale>& costs);

/// What OFFER, a cp.offer/1, costs: the whole job where that is known, else an hour; nullopt when
/// neither is.
std::optional<Money> cost_of_offer(const model::Json& offer);

}  // namespace cp::market
