// SPDX-License-Identifier: Apache-2.0
#include "probe/ranking.hpp"

#include "model/json.hpp"
#include "probe/score.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace cp::probe {
namespace {

using model::Json;

constexpr std::string_view kNetwork = "network";

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

// The network's score is the quality's own, 0 to 10, as it is: null counts 0 (DESIGN §6).
void put_network_score(Json& scores, const Json& quality, double weight) {
  const auto old_weight = model::number_at(scores, "network.weight");
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
    const auto weight = model::number_at(score, "weight");
    if (name != "total" && weight && *weight > 0) {
      sum += *weight * model::number_at(score, "value").value_or(0);
      weights += *weight;
    }
  }
  return weights == 0 ? 0 : two_decimals(sum / weights);
}

// `missing` lists what is not known: the network is, or is no longer, among it.
void note_missing(Json& offer, bool is_known) {
  Json& missing = offer["missing"];
  if (!missing.is_array()) {
    missing = Json::array();
  }
  const auto is_network = [](const Json& name) {
    return name == kNetwork || name == "scores.network";
  };
  const auto at = std::ranges::find_if(missing, is_network);
  if (is_known && at != missing.end()) {
    missing.erase(at);
  } else if (!is_known && at == missing.end()) {
    missing.push_back(kNetwork);
  }
  if (missing.empty()) {
    offer.erase("missing");
  }
}

Place judged(Json offer, const Findings& findings, double weight) {
  Json quality = quality_of(offer, findings);
  const bool is_measured = model::bool_at(quality, "valid").value_or(false);
  offer["quality"] = std::move(quality);
  Json& scores = object_in(offer, "scores");
  // The total stands last, behind a network that was not there.
  scores.erase("total");
  put_network_score(scores, offer["quality"], weight);
  const double total = total_of(scores);
  scores["total"] = total;
  note_missing(offer, is_measured);
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
