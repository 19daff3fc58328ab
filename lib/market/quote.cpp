// SPDX-License-Identifier: Apache-2.0
#include "market/quote.hpp"

#include "market/amounts.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::market {
namespace {

// Whole cards of a node; a share of a card is none.
std::optional<std::int64_t> cards_of(const Row& row) {
  if (row.accelerators == Accelerators::none) {
    return 0;
  }
  return row.gpu_count && *row.gpu_count >= 1
             ? std::optional(static_cast<std::int64_t>(*row.gpu_count))
             : std::nullopt;
}

std::optional<std::int64_t> times(std::optional<std::int64_t> a, std::int64_t b) {
  return a ? std::optional(*a * b) : std::nullopt;
}

// How many of its unit a node of ROW is billed for.
std::optional<std::int64_t> billed_units(const Row& row, const Demand& demand) {
  switch (row.unit) {
    case BillingUnit::node_hour:
      return 1;
    case BillingUnit::card_hour:
      return demand.cards() ? demand.cards() : cards_of(row);
    case BillingUnit::core_hour:
      break;
  }
  return demand.cpus() ? demand.cpus() : row.cpus();
}

void set_units(const Row& row, const Demand& demand, Quote& quote) {
  const auto node_cards = cards_of(row);
  const bool is_whole = row.unit == BillingUnit::node_hour;
  const auto cards = is_whole || !demand.cards() ? node_cards : demand.cards();
  quote.nodes = demand.nodes();
  quote.cards = times(cards, demand.nodes());
  if (is_whole || (!demand.cpus() && cards == node_cards)) {
    quote.cores = times(row.cpus(), demand.nodes());
  } else if (demand.cpus()) {
    quote.cores = times(demand.cpus(), demand.nodes());
  }
}

std::optional<Decimal> card_price(const Row& row, Decimal price) {
  const auto cards = cards_of(row);
  switch (row.unit) {
    case BillingUnit::card_hour:
      return price;
    case BillingUnit::node_hour:
      return cards.value_or(0) > 0 ? std::optional(price.times(1, *cards)) : std::nullopt;
    case BillingUnit::core_hour:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::int64_t billed_seconds(double seconds, std::int64_t quantum_s, std::int64_t minimum_s) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  const std::int64_t quantum = std::max<std::int64_t>(quantum_s, 1);
  return std::max((whole + quantum - 1) / quantum * quantum, minimum_s);
}

Quote quote(const Row& row, const Demand& demand, Terms terms) {
  Quote quote;
  set_units(row, demand, quote);
  quote.terms = terms == Terms::spot ? "spot" : row.terms;
  const auto& nanos = terms == Terms::spot ? row.spot : row.price;
  if (!nanos) {
    return quote;
  }
  const auto money = [&](Decimal amount) { return Money{amount, row.currency}; };
  const Decimal price = to_decimal(*nanos);
  if (const auto card_hour = card_price(row, price)) {
    quote.card_hour = money(*card_hour);
  }
  const auto count = times(billed_units(row, demand), demand.nodes());
  if (!count) {
    return quote;
  }
  const Decimal hour = price.times(*count);
  quote.hour = money(hour);
  if (demand.duration_s()) {
    const std::int64_t seconds = billed_seconds(*demand.duration_s(), row.quantum_s, row.minimum_s);
    quote.job = money(hour.times(seconds, 3600));
  }
  return quote;
}

model::Json price_of(const Quote& quote, std::string_view as_of) {
  if (!quote.hour && !quote.card_hour) {
    return nullptr;
  }
  model::Json price = model::Json::object();
  if (quote.hour) {
    price["hour"] = model::to_json(*quote.hour);
  }
  if (quote.card_hour) {
    price["card_hour"] = model::to_json(*quote.card_hour);
  }
  if (quote.job) {
    price["job"] = model::to_json(*quote.job);
    price["job"]["compute"] = quote.job->amount.to_string();
  }
  if (!quote.terms.empty()) {
    price["terms"] = quote.terms;
  }
  if (!as_of.empty()) {
    price["as_of"] = as_of;
  }
  return price;
}

model::Json units_of(const Quote& quote) {
  model::Json units{{"nodes", quote.nodes}};
  if (quote.cards) {
    units["cards"] = *quote.cards;
  }
  if (quote.cores) {
    units["cores"] = *quote.cores;
  }
  return units;
}

}  // namespace cp::market
