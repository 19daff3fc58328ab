// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "market/lint.hpp"
#include "market/row.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cp::market {

/// A resource as rows, one for each accelerator and price of it.
struct ResourceRows {
  std::vector<Row> rows;
  /// The rules that it breaks, and what stands there; nothing but repairs when there are rows.
  std::vector<std::pair<Fault, std::string>> faults;
};

/// The rows of RESOURCE, a cp.resource/1. A member of the wrong type and an impossible value are
/// faults; a value that stands for "unknown" becomes null in RESOURCE.
ResourceRows rows_of(model::Json& resource);

/// OFFER, a cp.offer/1, as a cp.resource/1 with the offer's price: without access, identity and
/// whatever an offer says of its own trust.
model::Json resource_of_offer(const model::Json& offer);

}  // namespace cp::market
