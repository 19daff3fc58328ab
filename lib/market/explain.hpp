// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/demand.hpp"
#include "market/quote.hpp"
#include "market/snapshot.hpp"
#include "market/subject.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace cp::market {

/// What an answer was looked for in; borrows all.
struct ExplainRequest {
  const Demand& demand;
  Terms terms = Terms::firm;
  bool runnable_only = false;
  /// Whether to look for what would give offers, since there are none.
  bool wants_relaxations = false;
  std::span<const Subject> live;
  Cache* cache = nullptr;              ///< null when there is none
  std::span<const SourceInfo> cached;  ///< its sources
  const Snapshot* snapshot = nullptr;  ///< of the cache, where there is one
  /// The row of the cache that has this number.
  std::function<Result<Subject>(std::int64_t row)> load;
};

/// The explanation of a cp.answer/1: what each clause of the demand removes and leaves unknown, in
/// all and by source, and the nearest relaxations, each counted over all offers with what the
/// demand would be then. As the cache and the snapshot fail.
Result<nlohmann::ordered_json> explain(const ExplainRequest& request);

}  // namespace cp::market
