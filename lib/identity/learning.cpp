// SPDX-License-Identifier: Apache-2.0
#include "identity/learning.hpp"

#include "identity/identifier.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {

using model::Json;

Result<Learned> learn(Judge& judge, const Json& bootstrap) {
  Learned learned;
  const Json* delegations = model::find(bootstrap, "delegations");
  if (delegations != nullptr && delegations->is_array()) {
    for (const Json& document : *delegations) {
      CP_TRY_ASSIGN(const Verdict verdict, judge.accept(document));
      if (!verdict.holds() && verdict.reason != "no_anchor") {
        learned.problems.push_back("the delegation of prefix " +
                                   model::text_at(document, "prefix").value_or("?") + ": " +
                                   verdict.message);
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
