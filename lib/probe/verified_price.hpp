// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"

#include <optional>

namespace cp::probe {

/// The `price` of OFFER (cp.offer/1) by RECORD's (cp.resource/1) own prices, for the units and the
/// duration that OFFER says; null when RECORD gives none that fits. Of several it is the one that
/// OFFER's own price follows from, else the first of its terms, else the first that is no spot.
model::Json verified_price(const model::Json& offer, const model::Json& record);

/// What PRICE is as the input of a cost score: the job's, else the hour's.
std::optional<double> cost_of(const model::Json& price);

}  // namespace cp::probe
