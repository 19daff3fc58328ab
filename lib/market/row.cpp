// SPDX-License-Identifier: Apache-2.0
#include "market/row.hpp"

#include <array>
#include <utility>

namespace cp::market {
namespace {

constexpr std::array<std::pair<BillingUnit, std::string_view>, 3> kUnits{{
    {BillingUnit::node_hour, "node-hour"},
    {BillingUnit::card_hour, "card-hour"},
    {BillingUnit::core_hour, "core-hour"},
}};

}  // namespace

std::string_view name_of(BillingUnit unit) { return kUnits[static_cast<std::size_t>(unit)].second; }

std::optional<BillingUnit> billing_unit(std::string_view name) {
  for (const auto& [unit, text] : kUnits) {
    if (text == name) {
      return unit;
    }
  }
  return std::nullopt;
}

}  // namespace cp::market
