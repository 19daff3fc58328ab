// SPDX-License-Identifier: Apache-2.0
#include "identity/learning.hpp"

#include "identity/identifier.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {

using model::Json;

Result<std::vector<Verdict>> accept_delegations(Judge& judge, std::span<const Json> delegations) {
  std::vector<Verdict> verdicts;
  for (const Json& document : delegations) {
    CP_TRY_ASSIGN(Verdict verdict, judge.accept(document));
    verdicts.push_back(std::move(verdict));
  }
  for (std::size_t i = delegations.size(); i-- > 0;) {
    const bool is_of_root = !model::text_at(delegations[i], "parent");
    if (is_of_root && !verdicts[i].holds() && verdicts[i].reason != "no_anchor") {
      CP_TRY_ASSIGN(verdicts[i], judge.accept(delegations[i]));
    }
  }
  return verdicts;
}

Result<Learned> learn(Judge& judge, const Json& bootstrap) {
  Learned learned;
  const Json* delegations = model::find(bootstrap, "delegations");
  if (delegations != nullptr && delegations->is_array()) {
    const std::vector<Json> documents(delegations->begin(), delegations->end());
    CP_TRY_ASSIGN(const auto verdicts, accept_delegations(judge, documents));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const bool is_told = !verdicts[i].holds() && verdicts[i].reason != "no_anchor";
      if (is_told) {
        learned.problems.push_back("the delegation of prefix " +
                                   model::text_at(documents[i], "prefix").value_or("?") + ": " +
                                   verdicts[i].message);
      }
    }
  }
  const Json* head = model::find(bootstrap, "head");
  if (head == nullptr || !head->is_object()) {
    // Or leaving it out would hide what was revoked.
    learned.head_problem = "it shows no head";
    return learned;
  }
  CP_TRY_ASSIGN(learned.head, judge.accept(*head));
  const Verdict& verdict = learned.head;
  learned.prefix = model::text_at(*head, "prefix").value_or("");
  learned.head_seq = model::int_at(*head, "seq").value_or(0);
  if (!verdict.holds() && verdict.reason != "no_anchor") {
    learned.head_problem = "its head: " + verdict.message + " (" + verdict.reason + ")";
  }
  return learned;
}

std::vector<std::string> names_of(const Json& record) {
  std::vector<std::string> names;
  const Json* aliases = model::find(record, "alias");
  for (const Json& alias : aliases != nullptr && aliases->is_array() ? *aliases : Json::array()) {
    if (alias.is_string() && is_alias(alias.get_ref<const std::string&>())) {
      names.push_back(alias.get<std::string>());
    }
  }
  const Json* others = model::find(record, "also_known_as");
  for (const Json& other : others != nullptr && others->is_array() ? *others : Json::array()) {
    const auto scheme = model::text_at(other, "scheme");
    const auto id = model::text_at(other, "id");
    if (scheme && id) {
      names.push_back(*scheme + ":" + *id);
    }
  }
  return names;
}

}  // namespace cp::identity
