// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "probe/survey.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cp::probe {

/// The resource that OFFER names; nullopt when it names none.
std::optional<std::string> resource_of(const model::Json& offer);

/// Gives each of OFFERS (cp.offer/1) its `quality` out of FINDINGS, the network's part in `scores`
/// with the weight that stands there or WEIGHT, and the total that follows, and puts them in their
/// new order and rank. All else in an offer stays as it is, but for what anyone could have written
/// there (SECURITY §3): a score's value is clamped to 0..10; a score whose weight is not above 0
/// and at most 1e9 is left out and named in `missing`; `source.trust` is what the resource's record
/// turned out to be worth, `unsigned` where there is none; and the price of an offer whose record
/// is verified, with its score, is that of the record.
///
/// The order: measured offers by their total, greatest first; offers without a valid measurement
/// keep the order that they had among themselves, each before the first measured one whose total is
/// less than its own. Equal totals keep the order that they had. An offer's rank before is its
/// `rank`, or its place behind all that have one.
void rank_offers(std::vector<model::Json>& offers, const Findings& findings, double weight);

}  // namespace cp::probe
