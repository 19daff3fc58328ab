// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "market/row.hpp"
#include "model/expression.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

/// Many demands and many resources at once: who gets what, at the least cost (`cpfind assign`).
/// Nodes are handed out whole.
namespace cp::market {

/// A cp.demand/1 as it is assigned. An absent member asks for nothing.
struct AssignDemand {
  nlohmann::ordered_json document;
  std::string name;
  std::string owner;  ///< whose share it counts on
  std::int64_t nodes = 1;
  std::int64_t priority = 0;
  std::string vendor;
  std::vector<model::AcceleratorName> models;
  bool wants_cards = false;
  std::optional<std::int64_t> cards, card_memory_bytes;
  std::optional<std::int64_t> cpus, memory_bytes, disk_bytes;
  std::optional<double> fabric_bps, duration_s;
  struct MaxPrice {
    Money money;
    std::string per;
  };
  std::optional<MaxPrice> max_price;
  std::string where;  ///< the condition's text, by which equal ones are judged once
  std::shared_ptr<const model::Condition> condition;
  bool condition_reads_demand = false;  ///< so that equal words may mean another thing
};

/// The demand of DOCUMENT, the NUMBERth. bad_data for what is no cp.demand/1 or asks for what an
/// assignment does not know: a condition on an offer's price or availability.
Result<AssignDemand> assign_demand(nlohmann::ordered_json document, std::size_t number,
                                   const std::string& currency);

/// Resources that say the same of themselves but for their names: a class.
struct Pool {
  nlohmann::ordered_json resource;  ///< without its names
  std::vector<Row> rows;            ///< one for each accelerator and price
  struct Member {
    std::string name, provider, resource;
    std::int64_t nodes = 1;
  };
  std::vector<Member> members;
  std::int64_t nodes = 0;  ///< of all members
};

/// The classes of resources, in the order in which the first of each came.
class Pools {
 public:
  /// What tells resources of the same node and price apart, where it matters to a demand of DEMANDS
  /// or to their own policy: the provider, the place.
  explicit Pools(const std::vector<AssignDemand>& demands);

  /// Takes RESOURCE, a cp.resource/1 or a cp.offer/1. A resource without a number of nodes is one
  /// node; one that is busy, or can never be had, none. False when it is faulty and was left out.
  Result<bool> add(nlohmann::ordered_json resource);

  const std::vector<Pool>& all() const { return pools_; }
  std::int64_t resources() const { return resources_; }

 private:
  const std::vector<std::string>& names_read_by(const std::string& policy);

  bool tells_provider_ = false, tells_place_ = false;
  std::unordered_map<std::string, std::vector<std::string>> names_of_policy_;
  std::vector<Pool> pools_;
  std::unordered_map<std::string, std::size_t> known_;
  std::int64_t resources_ = 0;
};

struct AssignOptions {
  std::string currency;         ///< prices in others are not known; empty: the first that is met
  std::size_t classes = 64;     ///< of each demand the best so many; 0: all that fit
  bool with_priorities = true;  ///< else all demands are equal
  std::map<std::string, double> shares;  ///< owner to weight; empty: no shares
};

/// What a demand got.
struct Assigned {
  struct Piece {
    std::uint32_t pool = 0;
    std::uint32_t member = 0;
    std::int64_t nodes = 0;
  };
  std::vector<Piece> pieces;
  /// Of all its nodes, for an hour and for its duration; unknown when the price of one is.
  std::optional<Money> hour, job;
  /// Why it got nothing: "no_match" (no resource is what it asks for), "too_dear" (those that are
  /// cost more than it would pay), "not_whole" (a part of its nodes could have been had),
  /// "no_capacity" (others were before it). Empty when it got its nodes.
  std::string reason;
};

/// Of each demand what it got, in the order of DEMANDS; see `distribute` for what is best. With
/// options.classes a demand whose best classes are full gets, when all others have chosen, the best
/// that is left. usage as `distribute` has it. The same input gives the same result.
Result<std::vector<Assigned>> assign(const std::vector<AssignDemand>& demands,
                                     const std::vector<Pool>& pools, const AssignOptions& options);

}  // namespace cp::market
