// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/child_limits.hpp"
#include "identity/estate.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cp::identity {

/// The registries of one authority, or one that the user has named.
struct Station {
  std::string prefix;  ///< whose they are by its delegation; empty when the user named it
  std::vector<std::string> urls;  ///< each as good as the others
  int level = 0;                  ///< below where the descent began
};

/// Which registries are to be followed: those where it begins, then those that the delegations of
/// what was followed name, level by level. A registry and a prefix come once, so that loops end;
/// below each child so many registries at most as its limits allow, since it can name as many as it
/// likes. For one thread; borrows ESTATE and LIMITS.
class Descent {
 public:
  /// LEVELS: how many levels below the first.
  Descent(Estate& estate, const ChildLimitTable& limits, int levels)
      : estate_(estate), limits_(limits), levels_(levels) {}

  /// Begins with the registry at URL.
  void begin_with(const std::string& url);
  /// Begins with the registries of PREFIX's children.
  Result<void> begin_below(const std::string& prefix);

  bool is_empty() const { return waiting_.empty(); }
  std::optional<Station> next();
  /// STATION turned out to be of PREFIX, whose children are next.
  Result<void> go_below(const Station& station, const std::string& prefix);

  /// The children whose limit kept others out, each once.
  const std::set<std::string>& crowded() const { return crowded_; }

 private:
  Result<void> add_children(const std::string& prefix, int level);
  bool has_room(const std::string& prefix, std::size_t urls);

  Estate& estate_;
  const ChildLimitTable& limits_;
  int levels_;
  std::string top_;  // the children of this one have limits
  std::deque<Station> waiting_;
  std::set<std::string> seen_urls_;
  std::set<std::string> seen_prefixes_;
  std::map<std::string, std::int64_t> counts_;  // of registries below each child
  std::set<std::string> crowded_;
};

}  // namespace cp::identity
