// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "market/demand.hpp"
#include "market/row.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::market {

/// Which of a resource's prices count.
enum class Terms : std::uint8_t {
  firm,  ///< on-demand, reserved, internal: what is not taken away
  spot,
};

/// What a demand gets of a resource, in totals over all its nodes, and what that costs.
struct Quote {
  std::int64_t nodes = 1;
  std::optional<std::int64_t> cards, cores;
  std::optional<Money> hour, card_hour, job;
  std::string terms;
};

/// The quote of ROW for DEMAND. A node-hour buys whole nodes; a card-hour or core-hour what was
/// asked for, else the whole node. A job is billed in whole quanta and for the minimum at least.
/// What cannot be known is absent.
Quote quote(const Row& row, const Demand& demand, Terms terms);

/// QUOTE's `price` and `units` of a cp.offer/1; null when nothing is known of the price.
model::Json price_of(const Quote& quote, std::string_view as_of);
model::Json units_of(const Quote& quote);

/// SECONDS as they are billed.
std::int64_t billed_seconds(double seconds, std::int64_t quantum_s, std::int64_t minimum_s);

}  // namespace cp::market
