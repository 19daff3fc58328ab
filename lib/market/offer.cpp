// SPDX-License-Identifier: Apache-2.0
#include "market/offer.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace cp::market {
namespace {

using model::Json;

void copy(const Json& from, std::string_view path, Json& to, const char* name) {
  if (const Json* value = model::find(from, path); value != nullptr) {
    to[name] = *value;
  }
}

std::string name_of(const Json& resource) {
  const auto alias = model::text_at(resource, "alias.0");
  return alias ? *alias : model::text_at(resource, "name").value_or("");
}

std::string provider_of(const Json& resource) {
  const auto prefix = model::text_at(resource, "provider.prefix");
  return prefix ? *prefix : model::text_at(resource, "provider.name").value_or("");
}

Json source_of(const Provenance& provenance) {
  Json source{{"name", provenance.source}};
  if (provenance.age_s) {
    source["age_s"] = *provenance.age_s;
  }
  source["trust"] = provenance.trust;
  if (!provenance.anchor.empty()) {
    source["anchor"] = provenance.anchor;
  }
  if (provenance.is_trusted) {
    source["trusted"] = true;
  }
  return source;
}

// What was asked and is not known of this offer, and the scores that count 0 for it.
Json missing_in(const Subject& subject, const Demand& demand, const Json& scores) {
  std::set<std::string> missing;
  for (const model::Field* field : model::fields_of(demand.condition())) {
    const auto value = model::read_field(*field, subject.view, demand.document());
    const bool has_none =
        field->is_of_accelerator() && subject.row.accelerators == Accelerators::none;
    if (std::holds_alternative<std::monostate>(value) && !has_none) {
      missing.emplace(field->name);
    }
  }
  for (const auto& [name, one] : scores.items()) {
    if (one.is_object() && one["value"].is_null()) {
      missing.emplace(name);
    }
  }
  if (!subject.quote.hour) {
    missing.emplace("price.hour");
  }
  return missing;
}

}  // namespace

std::optional<double> cost_of(const Quote& quote) {
  const auto& money = quote.job ? quote.job : quote.hour;
  return money ? std::optional(money->amount.to_double()) : std::nullopt;
}

Json offer_of(const Subject& subject, const Demand& demand, std::int64_t rank,
              const std::string& id, const std::optional<Scale>& costs) {
  const Json& resource = subject.resource;
  Json offer{{"schema", "cp.offer/1"}, {"id", id}, {"rank", rank}};
  if (!subject.availability.expires_at.empty()) {
    offer["expires_at"] = subject.availability.expires_at;
  }
  offer["runnable"] = subject.provenance.is_runnable;
  offer["demand"] = demand.document();
  if (subject.provenance.trust == "verified") {
    copy(resource, "id", offer, "resource");
  }
  if (std::string name = name_of(resource); !name.empty()) {
    offer["name"] = std::move(name);
  }
  if (std::string provider = provider_of(resource); !provider.empty()) {
    offer["provider"] = std::move(provider);
  }
  copy(resource, "kind", offer, "kind");
  copy(resource, "place", offer, "place");
  offer["units"] = units_of(subject.quote);
  copy(resource, "node", offer, "node");
  if (Json price = price_of(subject.quote, subject.row.price_as_of); !price.is_null()) {
    offer["price"] = std::move(price);
  }
  offer["availability"] = to_json(subject.availability);
  Json scores = scores_of(cost_of(subject.quote), costs, subject.availability.wait_s);
  Json missing = missing_in(subject, demand, scores);
  offer["scores"] = std::move(scores);
  if (subject.provenance.is_runnable) {
    copy(resource, "access", offer, "access");
  }
  offer["source"] = source_of(subject.provenance);
  if (subject.row.line > 0) {
    offer["source"]["line"] = subject.row.line;
  }
  offer["missing"] = std::move(missing);
  return offer;
}

std::optional<Money> cost_of_offer(const Json& offer) {
  const auto job = model::money_at(offer, "price.job");
  return job ? job : model::money_at(offer, "price.hour");
}

}  // namespace cp::market
