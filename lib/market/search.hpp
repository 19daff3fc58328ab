// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "market/cache.hpp"
#include "market/demand.hpp"
#include "market/live_source.hpp"
#include "market/quote.hpp"
#include "market/ranking.hpp"
#include "market/snapshot_build.hpp"
#include "market/source_list.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::market {

/// How a query's offers are chosen and ordered, beside the demand.
struct SearchOptions {
  Terms terms = Terms::firm;
  std::vector<SortKey> sort;
  std::size_t limit = 0;         ///< 0: all
  std::size_t per_provider = 0;  ///< at most so many of each provider; 0: any number
  bool pareto = false;           ///< only what no other offer beats
  bool runnable_only = false;    ///< only what cprun may launch on
  bool include_unknown = false;  ///< also what could not be judged, behind the rest
  bool explain = false;          ///< the answer says what each clause removes, and what would help
  std::string currency;          ///< whose amounts come first
  std::chrono::seconds max_age = std::chrono::hours(24 * 365);  ///< older sources are called stale
  /// From how many rows on the cache is read through a snapshot in columns.
  std::int64_t columns_from = 2000;
};

struct SearchResult {
  std::vector<nlohmann::ordered_json> offers;  ///< cp.offer/1 in rank order
  nlohmann::ordered_json answer;               ///< the closing cp.answer/1
  std::vector<std::string> models;             ///< names of accelerators that the cache has
};

/// Everything that can be asked; borrows all.
struct Sources {
  Cache* cache = nullptr;  ///< null when there is none
  std::vector<LiveSource*> live;
  /// The catalogs that the user has added: how old they may be, and which ought to be in the cache.
  std::span<const SourceSettings> catalogs;
};

/// The offers of SOURCES for DEMAND. A source that cannot be asked is told in the answer and is no
/// error; only a broken cache is one.
Result<SearchResult> search(const Sources& sources, const Demand& demand,
                            const SearchOptions& options, const Clock& clock, Random& random,
                            std::stop_token stop);

}  // namespace cp::market
