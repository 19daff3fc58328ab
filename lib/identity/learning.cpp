// SPDX-License-Identifier: Apache-2.0
#include "identity/learning.hpp"

#include "identity/identifier.hpp"
#include "identity/resource_rules.hpp"
#include "model/json.hpp"

#include <fmt/format.h>
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

namespace {

// The documents of the array KEY of DOCUMENT.
std::vector<Json> documents_in(const Json& document, std::string_view key) {
  const Json* list = model::find(document, key);
  return list != nullptr && list->is_array() ? std::vector<Json>(list->begin(), list->end())
                                             : std::vector<Json>();
}

// What does not hold of the WHAT documents; those without an anchor here are nobody's business.
void tell_problems(std::string_view what, std::span<const Json> documents,
                   std::span<const Verdict> verdicts, std::vector<std::string>& problems) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (!verdicts[i].holds() && verdicts[i].reason != "no_anchor") {
      problems.push_back(fmt::format("the {} of prefix {}: {}", what,
                                     model::text_at(documents[i], "prefix").value_or("?"),
                                     verdicts[i].message));
    }
  }
}

Result<void> learn_delegations(Judge& judge, std::span<const Json> delegations,
                               std::vector<std::string>& problems) {
  CP_TRY_ASSIGN(const auto verdicts, accept_delegations(judge, delegations));
  tell_problems("delegation", delegations, verdicts, problems);
  return {};
}

}  // namespace

Result<std::vector<std::string>> learn_chain(Judge& judge, const Json& chain,
                                             std::string_view prefix) {
  const auto leading_there = [&](std::string_view key) {
    auto documents = documents_in(chain, key);
    std::erase_if(documents, [&](const Json& one) {
      return !is_within(prefix, model::text_at(one, "prefix").value_or(""));
    });
    return documents;
  };
  std::vector<std::string> problems;
  CP_TRY(learn_delegations(judge, leading_there("delegations"), problems));
  const auto heads = leading_there("heads");
  std::vector<Verdict> verdicts;
  for (const Json& head : heads) {
    CP_TRY_ASSIGN(Verdict verdict, judge.accept(head));
    verdicts.push_back(std::move(verdict));
  }
  tell_problems("head", heads, verdicts, problems);
  return problems;
}

Result<Learned> learn(Judge& judge, const Json& bootstrap) {
  Learned learned;
  CP_TRY(learn_delegations(judge, documents_in(bootstrap, "delegations"), learned.problems));
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
    if (names.size() < kMostAliases && alias.is_string() &&
        is_alias(alias.get_ref<const std::string&>())) {
      names.push_back(alias.get<std::string>());
    }
  }
  const std::size_t most = names.size() + kMostForeignCodes;
  const Json* others = model::find(record, "also_known_as");
  for (const Json& other : others != nullptr && others->is_array() ? *others : Json::array()) {
    const auto scheme = model::text_at(other, "scheme");
    const auto id = model::text_at(other, "id");
    if (names.size() < most && scheme && id) {
      names.push_back(*scheme + ":" + *id);
    }
  }
  return names;
}

}  // namespace cp::identity
