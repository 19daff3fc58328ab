// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// The distribution of many tasks over many pools of equal nodes at the least cost: a minimum-cost
/// flow. Knows nothing of resources and demands.
namespace cp::market {

/// Something that wants NODES nodes, all or none.
struct Task {
  std::int64_t nodes = 1;
  std::int64_t priority = 0;  ///< greater ones first, whatever that costs the others
  std::uint32_t owner = 0;    ///< index into the shares
};

/// That a task may have nodes of a pool, and what each costs.
struct Choice {
  std::uint32_t task = 0;
  std::uint32_t pool = 0;
  double cost = 0;  ///< of one node; finite, 0 or more
};

/// NODES nodes by the choice numbered CHOICE.
struct Allotment {
  std::uint32_t choice = 0;
  std::int64_t nodes = 0;
};

/// What is to be distributed. Borrows all.
struct Distribution {
  std::span<const Task> tasks;
  std::span<const std::int64_t> pools;  ///< the nodes of each
  std::span<const Choice> choices;
  /// The nodes that each owner may have before any other's wish; what they leave over is for all.
  /// Empty: there are no shares.
  std::span<const std::int64_t> quotas;
};

/// Who gets what, in the order of the choices. Of all distributions one in which no owner has more
/// than his quota at the cost of another who has less; among those, one that gives the most nodes
/// to the highest priority, then to the next, and so on; among those, the cheapest, costs being
/// told apart to 10 millionths of the dearest. A task that would get a part of its nodes gets none,
/// and its part goes to others: with tasks of several nodes it is therefore nearly the best only.
/// usage for more than 1,000 priorities or 1,000,000 wanted nodes. The same input gives the same
/// result.
Result<std::vector<Allotment>> distribute(const Distribution& distribution);

}  // namespace cp::market
