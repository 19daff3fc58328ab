// SPDX-License-Identifier: Apache-2.0
#include "probe/verified_price.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::probe {
namespace {

using model::Json;

constexpr std::int64_t kMostUnits = 1'000'000'000;
constexpr double kMostSeconds = 1e10;

std::optional<std::int64_t> amount_at(const Json& document, std::string_view path) {
  const auto amount = model::int_at(document, path);
  return amount && *amount >= 1 && *amount <= kMostUnits ? amount : std::nullopt;
}

std::optional<std::int64_t> nodes_of(const Json& offer) {
  const auto units = amount_at(offer, "units.nodes");
  return units ? units : amount_at(offer, "demand.nodes").value_or(1);
}

std::optional<std::int64_t> units_of(const Json& offer, const Json& record,
                                     const std::string& unit) {
  const auto nodes = nodes_of(offer);
  if (unit == "node-hour") {
    return nodes;
  }
  const bool is_card = unit == "card-hour";
  if (!is_card && unit != "core-hour") {
    return std::nullopt;
  }
  if (const auto said = amount_at(offer, is_card ? "units.cards" : "units.cores")) {
    return said;
  }
  const auto each = amount_at(record, is_card ? "node.accelerators.0.count" : "node.cpu.cores");
  return each ? std::optional(*each * *nodes) : std::nullopt;
}

std::optional<Money> card_hour_of(const Money& hour, const Json& offer, const Json& record,
                                  const std::string& unit, const Money& price) {
  if (unit == "card-hour") {
    return price;
  }
  const auto cards = amount_at(record, "node.accelerators.0.count");
  return cards && unit == "node-hour" && nodes_of(offer)
             ? std::optional(Money{price.amount.times(1, *cards), hour.currency})
             : std::nullopt;
}

std::optional<Money> job_of(const Money& hour, const Json& offer, const Json& price) {
  const auto duration = model::number_at(offer, "demand.duration_s");
  if (!duration || !(*duration > 0 && *duration <= kMostSeconds)) {
    return std::nullopt;
  }
  const auto whole = static_cast<std::int64_t>(std::ceil(*duration));
  const auto limited = [&](const char* name, std::int64_t least) {
    return std::clamp<std::int64_t>(model::int_at(price, name).value_or(least), least, kMostUnits);
  };
  const std::int64_t quantum = limited("quantum_s", 1);
  const std::int64_t seconds =
      std::max((whole + quantum - 1) / quantum * quantum, limited("minimum_s", 0));
  return Money{hour.amount.times(seconds, 3600), hour.currency};
}

// ONE of RECORD's prices as that of OFFER; null when it does not fit.
Json priced(const Json& one, const Json& offer, const Json& record) {
  const auto money = model::money_at(one, "price");
  const std::string unit = model::text_at(one, "unit").value_or("");
  const auto units = units_of(offer, record, unit);
  if (!money || money->amount.is_negative() || !units) {
    return nullptr;
  }
  const Money hour{money->amount.times(*units), money->currency};
  Json price{{"hour", model::to_json(hour)}};
  if (const auto card_hour = card_hour_of(hour, offer, record, unit, *money)) {
    price["card_hour"] = model::to_json(*card_hour);
  }
  if (const auto job = job_of(hour, offer, one)) {
    price["job"] = model::to_json(*job);
    price["job"]["compute"] = job->amount.to_string();
  }
  for (const char* name : {"terms", "as_of"}) {
    if (const auto text = model::text_at(one, name)) {
      price[name] = *text;
    }
  }
  return price;
}

int likeness(const Json& price, const Json& offer) {
  const auto terms = model::text_at(price, "terms");
  const bool is_same = model::money_at(price, "hour") == model::money_at(offer, "price.hour");
  return (terms == model::text_at(offer, "price.terms") ? 4 : 0) + (is_same ? 2 : 0) +
         (terms != "spot" ? 1 : 0);
}

}  // namespace

Json verified_price(const Json& offer, const Json& record) {
  const Json* prices = model::find(record, "prices");
  Json best;
  for (std::size_t i = 0; prices != nullptr && prices->is_array() && i < prices->size(); ++i) {
    Json price = priced((*prices)[i], offer, record);
    if (!price.is_null() && (best.is_null() || likeness(price, offer) > likeness(best, offer))) {
      best = std::move(price);
    }
  }
  return best;
}

std::optional<double> cost_of(const Json& price) {
  const auto job = model::money_at(price, "job");
  const auto money = job ? job : model::money_at(price, "hour");
  return money ? std::optional(money->amount.to_double()) : std::nullopt;
}

}  // namespace cp::probe
