// SPDX-License-Identifier: Apache-2.0
#include "identity/bootstrap.hpp"

#include "base/limits.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

using model::Json;

// When the ledger's newest entry was made.
Result<std::string> published_at(Estate& estate, std::int64_t seq) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT json_extract(entry, '$.at') FROM ledger "
                                                  "WHERE authority = ?1 AND seq = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, estate.authority->row).bind(2, seq).step());
  return found ? std::string(row.text(0)) : format_time(estate.now());
}

// RFC 9224 §3: [[prefixes], [URLs]].
void add_service(Json& services, const Json& delegation) {
  const Json* registries = model::find(delegation, "registries");
  if (registries != nullptr && registries->is_array() && !registries->empty()) {
    services.push_back(Json::array(
        {Json::array({model::text_at(delegation, "prefix").value_or("")}), *registries}));
  }
}

// A reader takes no longer document: leave room for the head and what stands around.
constexpr std::size_t kMostBytes = limits::document_bytes - (64U << 10U);

// Those from the anchor down to the registry's own.
Result<void> add_chain(RegistryView& view, Json& services, Json& delegations) {
  CP_TRY_ASSIGN(const auto texts, view.chain());
  for (const std::string& text : texts) {
    CP_TRY_ASSIGN(Json delegation, model::parse_json(text, {"a kept delegation"}));
    delegations.push_back(std::move(delegation));
  }
  for (std::size_t i = 0; i < delegations.size(); ++i) {
    // Of several versions the newest stands last.
    const bool is_newest =
        i + 1 == delegations.size() || delegations[i]["prefix"] != delegations[i + 1]["prefix"];
    if (is_newest) {
      add_service(services, delegations[i]);
    }
  }
  return {};
}

// Those of the children, as many as there is room for; whether these were all.
Result<bool> add_children(RegistryView& view, Json& services, Json& delegations) {
  std::size_t bytes = model::to_line(delegations).size() + model::to_line(services).size();
  CP_TRY_ASSIGN(const auto children, view.children());
  for (const StoredDocument& child : children) {
    CP_TRY_ASSIGN(Json delegation, model::parse_json(child.text, {"a kept delegation"}));
    Json service = Json::array();
    add_service(service, delegation);
    bytes += child.text.size() + model::to_line(service).size();
    if (bytes > kMostBytes) {
      return false;
    }
    services.insert(services.end(), service.begin(), service.end());
    delegations.push_back(std::move(delegation));
  }
  return true;
}

}  // namespace

Result<Bootstrap> make_bootstrap(RegistryView& view) {
  CP_TRY_ASSIGN(const auto end, view.estate().registry().ledger().end());
  Json services = Json::array();
  Json delegations = Json::array();
  CP_TRY(add_chain(view, services, delegations));
  CP_TRY_ASSIGN(const bool is_whole, add_children(view, services, delegations));
  CP_TRY_ASSIGN(std::string published, published_at(view.estate(), end.seq));
  Json document{{"schema", "cp.bootstrap/1"},
                {"version", "1.0"},
                {"publication", std::move(published)},
                {"services", std::move(services)},
                {"delegations", std::move(delegations)}};
  if (!is_whole) {
    document["partial"] = true;
  }
  CP_TRY_ASSIGN(const std::string head, view.head());
  if (!head.empty()) {
    CP_TRY_ASSIGN(document["head"], model::parse_json(head, {"the kept head"}));
  }
  return Bootstrap{model::to_line(document), end.seq};
}

Result<std::string> make_chain(RegistryView& view, const std::string& prefix) {
  CP_TRY_ASSIGN(const auto evidence, view.evidence(prefix));
  Json delegations = Json::array();
  Json heads = Json::array();
  for (const std::string& text : evidence) {
    CP_TRY_ASSIGN(Json document, model::parse_json(text, {"a kept document"}));
    (model::is_a(document, "cp.delegation") ? delegations : heads).push_back(std::move(document));
  }
  return model::to_line({{"schema", "cp.chain/1"},
                         {"prefix", prefix},
                         {"delegations", std::move(delegations)},
                         {"heads", std::move(heads)}});
}

}  // namespace cp::identity
