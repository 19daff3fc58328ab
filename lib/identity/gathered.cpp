// SPDX-License-Identifier: Apache-2.0
#include "identity/gathered.hpp"

#include "identity/identifier.hpp"
#include "identity/registration.hpp"
#include "identity/registry_store.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace cp::identity {

using model::Json;

Gathered::Gathered(store::Database database, ResolverStore answers, const Clock& clock)
    : database_(std::move(database)),
      answers_(std::move(answers)),
      trust_(database_),
      judge_(trust_, clock) {}

Result<std::unique_ptr<Gathered>> Gathered::open(const std::string& state_directory,
                                                 const Clock& clock) {
  CP_TRY_ASSIGN(auto database, open_registry_database(state_directory));
  CP_TRY_ASSIGN(auto answers, ResolverStore::open(state_directory));
  return std::unique_ptr<Gathered>(new Gathered(std::move(database), std::move(answers), clock));
}

Result<std::vector<ResolverStore::Feed>> Gathered::feeds() {
  CP_TRY_ASSIGN(auto feeds, answers_.feeds());
  std::erase_if(feeds, [](const ResolverStore::Feed& feed) { return feed.prefix.empty(); });
  return feeds;
}

Result<void> Gathered::for_each(const ResolverStore::Feed& feed,
                                const std::function<Result<void>(Resolved)>& each,
                                const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto prefixes, prefixes_of(feed));
  for (const std::string& prefix : prefixes) {
    CP_TRY(for_each_of(prefix, feed, each, stop));
  }
  return {};
}

// That of FEED, and those below for which it is the nearest.
Result<std::vector<std::string>> Gathered::prefixes_of(const ResolverStore::Feed& feed) {
  CP_TRY_ASSIGN(const auto all, feeds());
  // "/" is what comes after ".".
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT DISTINCT subject FROM kept "
                                             "WHERE kind = 'cp.delegation' AND subject > ?1 "
                                             "AND subject < ?2 ORDER BY subject"));
  rows.bind(1, feed.prefix + ".").bind(2, feed.prefix + "/");
  std::vector<std::string> prefixes{feed.prefix};
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, rows.step());
    if (!is_there) {
      return prefixes;
    }
    const std::string below(rows.text(0));
    const bool is_others = std::ranges::any_of(all, [&](const ResolverStore::Feed& other) {
      return other.prefix.size() > feed.prefix.size() && is_within(below, other.prefix);
    });
    if (!is_others) {
      prefixes.push_back(below);
    }
  }
}

Result<void> Gathered::for_each_of(const std::string& prefix, const ResolverStore::Feed& feed,
                                   const std::function<Result<void>(Resolved)>& each,
                                   const std::stop_token& stop) {
  // "0" is what comes after "/".
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT document, subject FROM kept "
                                             "WHERE kind = 'cp.resource' AND subject > ?1 "
                                             "AND subject < ?2 ORDER BY subject"));
  rows.bind(1, "cp:" + prefix + "/").bind(2, "cp:" + prefix + "0");
  std::string last;
  while (!stop.stop_requested()) {
    CP_TRY_ASSIGN(const bool is_there, rows.step());
    if (!is_there) {
      return {};
    }
    // Under two anchors it is one record still: the judge takes the user's first anchor that fits.
    if (rows.text(1) == last) {
      continue;
    }
    last = rows.text(1);
    Resolved resolved;
    CP_TRY_ASSIGN(resolved.record, model::parse_json(rows.text(0), {"a kept record"}));
    CP_TRY_ASSIGN(const Verdict verdict, judge_.examine(resolved.record));
    resolved.trust = verdict.trust;
    resolved.problem = verdict.message;
    resolved.anchor = verdict.anchor;
    resolved.source = feed.url;
    if (!verdict.holds() || end_of(resolved.record).empty()) {
      CP_TRY(each(std::move(resolved)));
    }
  }
  return fail(Errc::timed_out, "interrupted");
}

Result<std::optional<Json>> Gathered::state(const std::string& code, const std::string& anchor) {
  // Numbers start anew with each key, so that the newest is the last that was observed.
  CP_TRY_ASSIGN(auto rows,
                database_.prepare("SELECT document FROM kept WHERE kind = 'cp.state' AND "
                                  "subject = ?1 AND anchor = ?2 ORDER BY taken_at DESC LIMIT 1"));
  rows.bind(1, code).bind(2, anchor);
  CP_TRY_ASSIGN(const bool is_there, rows.step());
  if (!is_there) {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(Json state, model::parse_json(rows.text(0), {"a kept state"}));
  CP_TRY_ASSIGN(const Verdict verdict, judge_.examine(state));
  // The signature is judged before the time.
  const bool holds = verdict.holds() || verdict.reason == "expired";
  return holds ? std::optional(std::move(state)) : std::nullopt;
}

}  // namespace cp::identity
