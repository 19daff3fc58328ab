// SPDX-License-Identifier: Apache-2.0
#include "identity/descent.hpp"

#include "identity/identifier.hpp"
#include "identity/registry_client.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

// Prefixes just below PREFIX whose delegations were seen here: "." and "/" are next to each other.
Result<std::vector<std::string>> prefixes_below(store::Database& database,
                                                const std::string& prefix) {
  CP_TRY_ASSIGN(auto rows, database.prepare("SELECT DISTINCT subject FROM kept "
                                            "WHERE kind = 'cp.delegation' AND subject > ?1 "
                                            "AND subject < ?2"));
  rows.bind(1, prefix + ".").bind(2, prefix + "/");
  std::vector<std::string> found;
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return found;
    }
    if (parent_of_prefix(rows.text(0)) == prefix) {
      found.emplace_back(rows.text(0));
    }
  }
}

// Those of PREFIX; none when its delegation was revoked or has run out.
Result<std::vector<std::string>> registries_of(Estate& estate, const std::string& prefix) {
  std::vector<std::string> urls;
  const auto anchor = estate.judge.anchor_of(prefix);
  if (!anchor) {
    return anchor.error().code == Errc::denied ? Result<std::vector<std::string>>(urls)
                                               : tl::unexpected<Error>(anchor.error());
  }
  CP_TRY_ASSIGN(const auto kept, estate.trust.find(*anchor, "cp.delegation", prefix));
  CP_TRY_ASSIGN(const Json delegation,
                model::parse_json(kept ? kept->text : "{}", {"a kept delegation"}));
  const Json* list = model::find(delegation, "registries");
  for (const Json& one : list != nullptr && list->is_array() ? *list : Json::array()) {
    if (urls.size() < kMaxDelegationUrls) {
      urls.push_back(one.is_string() ? one.get<std::string>() : "");
    }
  }
  return urls;
}

}  // namespace

void Descent::begin_with(const std::string& url) {
  if (seen_urls_.insert(url).second) {
    waiting_.push_back({"", {url}, 0});
  }
}

Result<void> Descent::begin_below(const std::string& prefix) {
  seen_prefixes_.insert(prefix);
  top_ = prefix;
  return add_children(prefix, 0);
}

std::optional<Station> Descent::next() {
  if (waiting_.empty()) {
    return std::nullopt;
  }
  Station station = std::move(waiting_.front());
  waiting_.pop_front();
  return station;
}

Result<void> Descent::go_below(const Station& station, const std::string& prefix) {
  const bool is_new = seen_prefixes_.insert(prefix).second || station.prefix == prefix;
  return is_new && station.level < levels_ ? add_children(prefix, station.level + 1)
                                           : Result<void>{};
}

// Whoever stands at the top, or just below it, answers for all that lies below.
bool Descent::has_room(const std::string& prefix, std::size_t urls) {
  std::string child = prefix;
  for (auto above = parent_of_prefix(child); above && *above != top_;
       above = parent_of_prefix(child)) {
    child = *above;
  }
  if (child == prefix) {
    return true;
  }
  counts_[child] += static_cast<std::int64_t>(urls);
  if (counts_[child] > limits_.of(child).registries) {
    crowded_.insert(child);
    return false;
  }
  return true;
}

Result<void> Descent::add_children(const std::string& prefix, int level) {
  CP_TRY_ASSIGN(const auto children, prefixes_below(estate_.database, prefix));
  for (const std::string& child : children) {
    CP_TRY_ASSIGN(const auto urls, registries_of(estate_, child));
    Station station{child, {}, level};
    for (const std::string& text : urls) {
      const auto url = registry_url(text);
      if (url && seen_urls_.insert(*url).second) {
        station.urls.push_back(*url);
      }
    }
    if (!station.urls.empty() && seen_prefixes_.insert(child).second &&
        has_room(child, station.urls.size())) {
      waiting_.push_back(std::move(station));
    }
  }
  return {};
}

}  // namespace cp::identity
