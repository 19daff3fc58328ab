// SPDX-License-Identifier: Apache-2.0
#include "identity/registry_status.hpp"

#include "base/text.hpp"
#include "identity/registry_client.hpp"
#include "identity/resolver_store.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

Result<std::int64_t> counted(store::Statement statement) {
  CP_TRY(statement.step());
  return statement.integer(0);
}

// What is kept about codes of PREFIX and below: "." and "/" are next to each other, before the
// digits.
Result<std::int64_t> count_kept(Estate& estate, const std::string& prefix) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT count(*) FROM kept "
                                                  "WHERE kind = 'cp.resource' AND subject >= ?1 "
                                                  "AND subject < ?2"));
  row.bind(1, "cp:" + prefix + ".").bind(2, "cp:" + prefix + "0");
  return counted(std::move(row));
}

Result<std::int64_t> count_evidence(Estate& estate, const std::string& prefix) {
  CP_TRY_ASSIGN(auto row,
                estate.database.prepare("SELECT count(*) FROM evidence WHERE subject = ?1 "
                                        "OR (subject >= ?2 AND subject < ?3)"));
  row.bind(1, prefix).bind(2, "cp:" + prefix + "/").bind(3, "cp:" + prefix + "0");
  return counted(std::move(row));
}

Result<AuthorityStatus> status_in(RegistryView& view, const std::string& prefix,
                                  const std::string& text) {
  AuthorityStatus status;
  CP_TRY_ASSIGN(const Json delegation, model::parse_json(text, {"a kept delegation"}));
  status.prefix = prefix;
  status.name = model::text_at(delegation, "name").value_or("");
  status.level = model::text_at(delegation, "level").value_or("");
  status.label = model::text_at(delegation, "label").value_or("");
  status.not_after = model::time_at(delegation, "not_after");
  const Json* registries = model::find(delegation, "registries");
  for (const Json& one : registries != nullptr ? *registries : Json::array()) {
    status.registries.push_back(one.is_string() ? one.get<std::string>() : "");
  }
  CP_TRY_ASSIGN(const std::string head_text, view.head(prefix));
  if (!head_text.empty()) {
    CP_TRY_ASSIGN(const Json head, model::parse_json(head_text, {"a kept head"}));
    status.head_seq = model::int_at(head, "seq").value_or(0);
    status.head_issued = model::time_at(head, "issued");
  }
  CP_TRY_ASSIGN(status.records, count_kept(view.estate(), prefix));
  CP_TRY_ASSIGN(status.evidence, count_evidence(view.estate(), prefix));
  return status;
}

// What sync has left behind, if there ever was one.
Result<std::vector<ResolverStore::Feed>> feeds_in(const std::string& state_directory) {
  if (!ResolverStore::exists(state_directory)) {
    return std::vector<ResolverStore::Feed>{};
  }
  CP_TRY_ASSIGN(auto store, ResolverStore::open(state_directory));
  return store.feeds();
}

std::optional<UnixTime> known(UnixTime time) {
  return time > UnixTime() ? std::optional(time) : std::nullopt;
}

bool is_registry_of(const AuthorityStatus& child, const ResolverStore::Feed& feed) {
  return feed.prefix == child.prefix && std::ranges::any_of(child.registries, [&](const auto& url) {
           const auto base = registry_url(url);
           return base && *base == feed.url;
         });
}

// The one that is complete, else the one that was asked last.
const ResolverStore::Feed* feed_of(const AuthorityStatus& child,
                                   const std::vector<ResolverStore::Feed>& feeds) {
  const ResolverStore::Feed* best = nullptr;
  for (const ResolverStore::Feed& feed : feeds) {
    const auto rank = [](const ResolverStore::Feed& one) {
      return std::pair(one.status == "complete", one.tried_at);
    };
    if (is_registry_of(child, feed) && (best == nullptr || rank(*best) < rank(feed))) {
      best = &feed;
    }
  }
  return best;
}

Result<void> judge_child(Estate& estate, const std::vector<ResolverStore::Feed>& feeds,
                         AuthorityStatus& child) {
  child.verdict = child.registries.empty() ? "" : "unasked";
  if (const auto* feed = feed_of(child, feeds)) {
    child.verdict = feed->status;
    child.problem = feed->problem;
    child.seq = feed->seq;
    child.ledger_seq = feed->head_seq;
    child.synced_at = known(feed->synced_at);
    child.tried_at = known(feed->tried_at);
  }
  const auto delegation = estate.judge.delegation(child.prefix);
  if (!delegation && delegation.error().code != Errc::denied) {
    return tl::unexpected<Error>(delegation.error());
  }
  if (!delegation) {
    child.verdict = delegation.error().hint;
    child.problem = delegation.error().message;
  }
  return {};
}

std::vector<std::uint64_t> arcs_of(const std::string& prefix) {
  std::vector<std::uint64_t> arcs;
  for (const std::string_view arc : text::split(prefix, '.')) {
    arcs.push_back(text::to_uint(arc).value_or(0));
  }
  return arcs;
}

}  // namespace

Result<RegistryStatus> registry_status(RegistryView& view) {
  Estate& estate = view.estate();
  RegistryStatus status;
  status.as_of = estate.now();
  const std::string& prefix = estate.authority->prefix;
  CP_TRY_ASSIGN(const auto own, view.delegation(prefix));
  CP_TRY_ASSIGN(status.own, status_in(view, prefix, own ? own->text : "{}"));
  CP_TRY_ASSIGN(auto records,
                estate.database.prepare("SELECT count(*) FROM resource WHERE authority = ?1"));
  records.bind(1, estate.authority->row);
  CP_TRY_ASSIGN(status.own.records, counted(std::move(records)));
  CP_TRY_ASSIGN(status.allocated, estate.registry().count_allocated());
  CP_TRY_ASSIGN(const auto end, estate.registry().ledger().end());
  status.ledger_seq = end.seq;
  CP_TRY_ASSIGN(const auto below, view.below());
  CP_TRY_ASSIGN(const auto feeds, feeds_in(estate.state_directory));
  for (const StoredDocument& child : below) {
    CP_TRY_ASSIGN(auto one, status_in(view, child.code, child.text));
    CP_TRY(judge_child(estate, feeds, one));
    status.children.push_back(std::move(one));
  }
  std::ranges::sort(status.children, {}, [](const auto& one) { return arcs_of(one.prefix); });
  return status;
}

}  // namespace cp::identity
