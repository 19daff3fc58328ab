// SPDX-License-Identifier: Apache-2.0
#include "jobs/candidates.hpp"

#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "provider/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::jobs {
namespace {

using model::Json;

std::string text_in(const Json& document, std::string_view path) {
  return model::text_at(document, path).value_or("");
}

bool fits_unit(const std::string& unit, const model::JobResources& resources) {
  return unit == "node-hour" || unit == "core-hour" ||
         (unit == "card-hour" && resources.total_cards() > 0);
}

// On demand before other terms; a job with cards is billed by cards where the record says so.
int preference(const Json& price, const model::JobResources& resources) {
  const std::string unit = text_in(price, "unit");
  if (!fits_unit(unit, resources) || !model::money_at(price, "price")) {
    return -1;
  }
  return (text_in(price, "terms") == "on-demand" ? 2 : 0) + (unit == "card-hour" ? 1 : 0);
}

std::optional<Price> price_of(const Json& record, const model::JobResources& resources) {
  const Json* const prices = model::find(record, "prices");
  if (prices == nullptr || !prices->is_array()) {
    return std::nullopt;
  }
  const Json* best = nullptr;
  for (const auto& price : *prices) {
    const int rank = preference(price, resources);
    if (rank >= 0 && (best == nullptr || rank > preference(*best, resources))) {
      best = &price;
    }
  }
  if (best == nullptr) {
    return std::nullopt;
  }
  return Price{text_in(*best, "unit"), *model::money_at(*best, "price"),
               model::int_at(*best, "quantum_s").value_or(1),
               model::int_at(*best, "minimum_s").value_or(0), text_in(*best, "terms")};
}

std::string card_model_of(const Json& record) {
  const Json* const cards = model::find(record, "node.accelerators");
  return cards == nullptr || !cards->is_array() || cards->empty()
             ? ""
             : text_in(cards->front(), "model");
}

Candidate candidate_of(const Json& record, const Json& access, std::string url,
                       const model::JobResources& resources) {
  Candidate at;
  at.url = std::move(url);
  at.resource = text_in(record, "id");
  at.resource_seq = model::int_at(record, "seq");
  at.provider = text_in(record, "provider.prefix");
  at.workdir = text_in(access, "workdir");
  at.queue = text_in(access, "native.partition");
  at.card_model = card_model_of(record);
  at.price = price_of(record, resources);
  at.walltime_s = model::int_at(record, "limits.walltime_s");
  return at;
}

Result<std::vector<Candidate>> resolve_offer(const Json& offer, const identity::Resolves& registry,
                                             const model::JobResources& resources) {
  const std::string resource = text_in(offer, "resource");
  if (resource.empty()) {
    return fail(Errc::denied, "it names no resource that could be verified");
  }
  CP_TRY_ASSIGN(const identity::Resolved resolved, registry.resolve(resource));
  return candidates_of(resolved, resources);
}

template <class T>
void keep_or_take(std::optional<T>& target, std::optional<T> value) {
  if (!target) {
    target = std::move(value);
  }
}

}  // namespace

bool is_resource_name(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.starts_with('@') || (text.size() > 3 && text.substr(0, 3) == "cp:" && digit(text[3]));
}

Result<Candidate> candidate_at(std::string_view url) {
  CP_TRY_ASSIGN(const auto parsed, provider::parse_provider_url(url));
  CP_TRY(provider::find_launcher_type(parsed));
  Candidate at;
  at.url = parsed.to_string();
  return at;
}

Result<std::vector<Candidate>> candidates_of(const identity::Resolved& resolved,
                                             const model::JobResources& resources) {
  const Json& record = resolved.record;
  if (resolved.trust != "verified") {
    return fail(Errc::denied, "its record is {}{}{}", resolved.trust,
                resolved.problem.empty() ? "" : ": ", resolved.problem);
  }
  std::vector<Candidate> out;
  std::string reason = "its record gives no way to launch on it";
  const Json* const list = model::find(record, "access");
  for (const auto& access : list != nullptr ? *list : Json::array()) {
    if (text_in(access, "role") != "launch") {
      continue;
    }
    const auto url = provider::parse_provider_url(text_in(access, "url"));
    const auto type = url ? provider::find_launcher_type(*url) : tl::unexpected(url.error());
    if (!type) {
      reason = type.error().message;
    } else if ((*type)->is_this_machine && !resolved.own_authority) {
      reason = url->to_string() + " acts on this machine, and only its own authority may say so";
    } else {
      out.push_back(candidate_of(record, access, url->to_string(), resources));
    }
  }
  if (out.empty()) {
    return fail(Errc::denied, "{}", reason);
  }
  return out;
}

std::vector<Candidate> candidates_of_offers(const std::vector<model::Json>& offers,
                                            const identity::Resolves& registry,
                                            const model::JobResources& resources,
                                            const Refused& refused) {
  std::vector<Candidate> out;
  for (const auto& offer : offers) {
    auto candidates = resolve_offer(offer, registry, resources);
    if (candidates) {
      out.insert(out.end(), candidates->begin(), candidates->end());
    } else {
      const std::string name = text_in(offer, "resource");
      refused(candidates.error(), name.empty() ? text_in(offer, "name") : name);
    }
  }
  return out;
}

void take_demand(const model::Json& offer, model::JobSpec& spec) {
  auto& resources = spec.resources;
  if (resources.nodes == 1) {
    resources.nodes = model::int_at(offer, "demand.nodes").value_or(1);
  }
  const bool says_cores = resources.cores_per_process || resources.processes_per_node > 1;
  if (!says_cores) {
    resources.cores_per_process = model::int_at(offer, "demand.cores");
  }
  keep_or_take(resources.memory_bytes, model::int_at(offer, "demand.memory_bytes"));
  if (resources.gpus == 0) {
    resources.gpus = model::int_at(offer, "demand.gpu.count").value_or(0);
    const Json* const models = model::find(offer, "demand.gpu.models");
    for (const auto& name : models != nullptr ? *models : Json::array()) {
      if (name.is_string()) {
        resources.gpu_models.push_back(name.get<std::string>());
      }
    }
  }
  keep_or_take(spec.duration_s, model::number_at(offer, "demand.duration_s"));
  const auto limit = model::money_at(offer, "demand.max_price");
  if (limit && text_in(offer, "demand.max_price.per") == "job") {
    keep_or_take(spec.limits.cost, limit);
  } else if (limit && text_in(offer, "demand.max_price.per") == "hour") {
    keep_or_take(spec.limits.price_per_hour, limit);
  }
}

Result<void> fits_offer(const model::Json& offer, const model::JobSpec& spec) {
  struct Amount {
    const char* path;
    std::int64_t wanted;
    const char* what;
  };
  const auto& resources = spec.resources;
  const std::array amounts{Amount{"units.nodes", resources.nodes, "nodes"},
                           Amount{"units.cards", resources.total_cards(), "cards"},
                           Amount{"units.cores", resources.total_cores(), "cores"}};
  for (const auto& amount : amounts) {
    const auto offered = model::int_at(offer, amount.path);
    if (offered && amount.wanted > *offered) {
      return fail(Errc::denied, "it offers {} {}, and the job wants {}", *offered, amount.what,
                  amount.wanted);
    }
  }
  return {};
}

}  // namespace cp::jobs
