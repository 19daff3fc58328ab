// SPDX-License-Identifier: Apache-2.0
#include "probe/ranking.hpp"

#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "probe/score.hpp"
#include "probe/verified_price.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace cp::probe {
namespace {

using model::Json;

constexpr std::string_view kNetwork = "network";
constexpr double kBestScore = 10;
constexpr double kGreatestWeight = 1e9;

struct Place {
  Json offer;
  double total = 0;
  bool is_measured = false;
};

// OBJECT[NAME] as an object, whatever stood there.
Json& object_in(Json& object, const char* name) {
  Json& member = object[name];
  if (!member.is_object()) {
    member = Json::object();
  }
  return member;
}

Json quality_of(const Json& offer, const Findings& findings) {
  const auto resource = resource_of(offer);
  if (!resource) {
    return {{"valid", false}, {"reason", "no_probe_access"}};
  }
  const auto found = findings.find(*resource);
  if (found == findings.end()) {
    return {{"valid", false}, {"reason", "unresolved"}};
  }
  const Finding& finding = found->second;
  return finding.measurement ? to_quality(*finding.measurement)
                             : Json{{"valid", false}, {"reason", finding.reason}};
}

std::optional<double> weight_of(const Json* score) {
  const auto weight = score == nullptr ? std::nullopt : model::number_at(*score, "weight");
  return weight && *weight > 0 && *weight <= kGreatestWeight ? weight : std::nullopt;
}

// The network's score is the quality's own, 0 to 10, as it is: null counts 0 (DESIGN §6).
void put_network_score(Json& scores, const Json& quality, double weight) {
  const auto old_weight = weight_of(model::find(scores, kNetwork));
  const auto score = model::number_at(quality, "score");
  const Json value = score ? Json(*score) : Json(nullptr);
  scores[kNetwork] = {{"value", value},    {"input", value},
                      {"worst", 0},        {"best", 10},
                      {"scale", "linear"}, {"weight", old_weight.value_or(weight)}};
}

double total_of(const Json& scores) {
  double sum = 0;
  double weights = 0;
  for (const auto& [name, score] : scores.items()) {
    const auto weight = weight_of(&score);
    if (name != "total" && weight) {
      sum += *weight * model::number_at(score, "value").value_or(0);
      weights += *weight;
    }
  }
  return weights == 0 ? 0 : two_decimals(sum / weights);
}

// `missing` lists what is not known: NAME is, or is no longer, among it.
void note_missing(Json& offer, std::string_view name, bool is_known) {
  Json& missing = offer["missing"];
  if (!missing.is_array()) {
    missing = Json::array();
  }
  const std::string long_name = fmt::format("scores.{}", name);
  const auto is_this = [&](const Json& one) { return one == name || one == long_name; };
  const auto at = std::ranges::find_if(missing, is_this);
  if (is_known && at != missing.end()) {
    missing.erase(at);
  } else if (!is_known && at == missing.end()) {
    missing.push_back(name);
  }
  if (missing.empty()) {
    offer.erase("missing");
  }
}

void set_trust(Json& offer, std::string_view trust) {
  Json& source = offer["source"];
  if (!source.is_object()) {
    offer.erase("source");
    return;
  }
  source["trust"] = trust;
  if (trust != "verified") {
    source.erase("anchor");
  }
}

// The cost is scored anew, on the scale of the search that the offer came from.
void put_cost_score(Json& offer, std::optional<double> cost) {
  Json& scores = offer["scores"];
  if (!scores.contains("cost") || !scores["cost"].is_object()) {
    return;
  }
  Json& score = scores["cost"];
  const auto worst = model::number_at(score, "worst");
  const auto best = model::number_at(score, "best");
  const bool is_known = cost && worst && best && *worst != *best;
  score["input"] = cost ? Json(*cost) : Json(nullptr);
  score["value"] = is_known
                       ? Json(two_decimals(std::clamp(
                             kBestScore * (*cost - *worst) / (*best - *worst), 0.0, kBestScore)))
                       : Json(nullptr);
  note_missing(offer, "cost", is_known);
}

void take_from_record(Json& offer, const identity::Resolved* resource) {
  set_trust(offer, resource == nullptr ? "unsigned" : resource->trust);
  if (resource == nullptr || resource->trust == "unsigned") {
    return;
  }
  Json price = resource->trust == "verified" ? verified_price(offer, resource->record) : Json();
  put_cost_score(offer, cost_of(price));
  note_missing(offer, "price.hour", !price.is_null());
  if (price.is_null()) {
    offer.erase("price");
  } else {
    offer["price"] = std::move(price);
  }
}

const identity::Resolved* resource_in(const Findings& findings, const Json& offer) {
  const auto name = resource_of(offer);
  const auto found = name ? findings.find(*name) : findings.end();
  return found == findings.end() ? nullptr : found->second.resource.get();
}

// Leaves out what cannot be a score, and puts the others between 0 and 10.
void tame_scores(Json& offer) {
  std::vector<std::string> useless;
  for (auto& [name, score] : offer["scores"].items()) {
    if (!score.is_object() || name == kNetwork) {
      continue;
    }
    if (!weight_of(&score)) {
      useless.push_back(name);
      continue;
    }
    const auto value = model::number_at(score, "value");
    if (!value) {
      score["value"] = nullptr;
    } else if (*value < 0 || *value > kBestScore) {
      score["value"] = std::clamp(*value, 0.0, kBestScore);
    }
  }
  for (const std::string& name : useless) {
    offer["scores"].erase(name);
    note_missing(offer, name, false);
  }
}

Place judged(Json offer, const Findings& findings, double weight) {
  Json quality = quality_of(offer, findings);
  const bool is_measured = model::bool_at(quality, "valid").value_or(false);
  offer["quality"] = std::move(quality);
  (void)object_in(offer, "scores");
  take_from_record(offer, resource_in(findings, offer));
  tame_scores(offer);
  Json& scores = offer["scores"];
  // The total stands last, behind a network that was not there.
  scores.erase("total");
  put_network_score(scores, offer["quality"], weight);
  const double total = total_of(scores);
  scores["total"] = total;
  note_missing(offer, kNetwork, is_measured);
  return {std::move(offer), total, is_measured};
}

double old_rank(const Json& offer) {
  return model::number_at(offer, "rank").value_or(std::numeric_limits<double>::infinity());
}

}  // namespace

std::optional<std::string> resource_of(const Json& offer) {
  return model::text_at(offer, "resource");
}

void rank_offers(std::vector<Json>& offers, const Findings& findings, double weight) {
  std::ranges::stable_sort(offers, {}, old_rank);
  std::vector<Place> measured;
  std::vector<Place> others;
  for (Json& offer : std::exchange(offers, {})) {
    Place place = judged(std::move(offer), findings, weight);
    (place.is_measured ? measured : others).push_back(std::move(place));
  }
  std::ranges::stable_sort(measured, std::greater<>{}, &Place::total);
  auto next = others.begin();
  const auto put = [&](Place& place) {
    place.offer["rank"] = offers.size() + 1;
    offers.push_back(std::move(place.offer));
  };
  for (Place& place : measured) {
    for (; next != others.end() && next->total > place.total; ++next) {
      put(*next);
    }
    put(place);
  }
  std::for_each(next, others.end(), put);
}

}  // namespace cp::probe
