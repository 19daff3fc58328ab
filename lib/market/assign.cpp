// SPDX-License-Identifier: Apache-2.0
#include "market/assign.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/distribution.hpp"
#include "market/quote.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace cp::market {
namespace {

using model::Truth;

constexpr std::size_t kMostJudged = std::size_t{64} << 20U;  // conditions by classes
constexpr double kUnknownPrice = std::numeric_limits<double>::infinity();
constexpr double kMostCost = 9e18;  ///< in billionths of the currency, as int64_t holds them

// How a price becomes that of a node, which decides the order in which a demand looks at the rows.
enum Lane : std::size_t { by_node, by_card, by_core, by_all_cards, by_all_cores, no_price, kLanes };

struct Entry {
  double price = 0;  ///< as the lane counts, in billionths
  std::uint32_t pool = 0;
  std::uint32_t row = 0;
};

struct Offered {
  std::uint32_t pool = 0;
  std::uint32_t row = 0;
  double cost = kUnknownPrice;  ///< of a node for an hour, in billionths
};

double cards_of_node(const Row& row) {
  return row.gpu_count && *row.gpu_count >= 1 ? std::floor(*row.gpu_count) : 0;
}

bool at_least(const std::optional<std::int64_t>& there, const std::optional<std::int64_t>& wanted) {
  return !wanted || (there && *there >= *wanted);
}

// Who can have what, and for how much.
class Matching {
 public:
  Matching(const std::vector<AssignDemand>& demands, const std::vector<Pool>& pools,
           const AssignOptions& options)
      : demands_(demands), pools_(pools), currency_(options.currency) {
    policies_.resize(pools.size());
    models_.resize(pools.size());
    for (std::uint32_t pool = 0; pool < pools.size(); ++pool) {
      for (std::uint32_t row = 0; row < pools[pool].rows.size(); ++row) {
        enter(pool, row);
      }
      if (const auto text = model::text_at(pools[pool].resource, "policy");
          text && !text->empty()) {
        auto policy = model::parse_condition(*text);
        policies_[pool].is_there = true;
        policies_[pool].condition = policy ? std::optional(*std::move(policy)) : std::nullopt;
      }
    }
    for (auto& lane : lanes_) {
      std::stable_sort(lane.begin(), lane.end(),
                       [](const Entry& a, const Entry& b) { return a.price < b.price; });
    }
  }

  const std::string& currency() const { return currency_; }

  /// The best MOST classes of the demand numbered INDEX that IS_OPEN, the cheapest first, each with
  /// its cheapest row; 0: all.
  template <class IsOpen>
  std::vector<Offered> best(std::size_t index, std::size_t most, IsOpen is_open) {
    const AssignDemand& demand = demands_[index];
    const std::vector<bool>& wanted_models = accepted(demand);
    std::vector<Offered> found;
    std::set<std::uint32_t> seen;
    is_too_dear_ = false;
    is_full_ = false;
    Cursors at{};
    while (const Entry* entry = next(demand, at)) {
      const Pool& pool = pools_[entry->pool];
      const Row& row = pool.rows[entry->row];
      if (!is_open(entry->pool) || seen.contains(entry->pool) ||
          !fits(demand, row, models_[entry->pool][entry->row], wanted_models) ||
          !accepts(index, entry->pool) || !is_true(demand, entry->pool)) {
        continue;
      }
      if (pool.nodes < 1) {
        is_full_ = true;
        continue;
      }
      const double cost = cost_of(demand, row);
      if (!is_paid(demand, row, cost)) {
        is_too_dear_ = true;
        continue;
      }
      seen.insert(entry->pool);
      found.push_back({entry->pool, entry->row, cost});
      if (most != 0 && found.size() == most) {
        break;
      }
    }
    return found;
  }
  /// Whether the last `best` left something out for its price.
  bool is_too_dear() const { return is_too_dear_; }
  /// Whether it left something out of which nothing is free.
  bool is_full() const { return is_full_; }

 private:
  using Cursors = std::array<std::size_t, kLanes>;
  struct Policy {
    bool is_there = false;
    std::optional<model::Condition> condition;
  };

  bool has_price(const Row& row) {
    if (row.price && currency_.empty()) {
      currency_ = row.currency;
    }
    return row.price && row.currency == currency_ && row.terms != "spot";
  }

  void enter(std::uint32_t pool, std::uint32_t index) {
    const Row& row = pools_[pool].rows[index];
    const std::string name = row.gpu_model;
    models_[pool].push_back(model_numbers_.try_emplace(name, model_numbers_.size()).first->second);
    if (!has_price(row)) {
      lanes_[no_price].push_back({0, pool, index});
      return;
    }
    const auto price = static_cast<double>(*row.price);
    if (row.unit == BillingUnit::node_hour) {
      lanes_[by_node].push_back({price, pool, index});
    } else if (row.unit == BillingUnit::card_hour) {
      lanes_[by_card].push_back({price, pool, index});
      lanes_[by_all_cards].push_back({price * cards_of_node(row), pool, index});
    } else {
      lanes_[by_core].push_back({price, pool, index});
      lanes_[by_all_cores].push_back(
          {price * static_cast<double>(row.cpus().value_or(0)), pool, index});
    }
  }

  // The cheapest row that DEMAND has not looked at; nullptr after the last.
  const Entry* next(const AssignDemand& demand, Cursors& at) const {
    const std::array<std::size_t, 3> lanes{by_node, demand.cards ? by_card : by_all_cards,
                                           demand.cpus ? by_core : by_all_cores};
    const std::array<double, 3> times{1, static_cast<double>(demand.cards.value_or(1)),
                                      static_cast<double>(demand.cpus.value_or(1))};
    const Entry* cheapest = nullptr;
    std::size_t lane = no_price;
    double least = 0;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      if (at[lanes[i]] == lanes_[lanes[i]].size()) {
        continue;
      }
      const Entry& entry = lanes_[lanes[i]][at[lanes[i]]];
      if (const double price = entry.price * times[i]; cheapest == nullptr || price < least) {
        cheapest = &entry;
        lane = lanes[i];
        least = price;
      }
    }
    if (cheapest == nullptr && at[no_price] < lanes_[no_price].size()) {
      cheapest = &lanes_[no_price][at[no_price]];
    }
    at[lane] += cheapest == nullptr ? 0 : 1;
    return cheapest;
  }

  // Which of the models that rows have DEMAND takes; equal lists are judged once.
  const std::vector<bool>& accepted(const AssignDemand& demand) {
    std::string key;
    for (const model::AcceleratorName& name : demand.models) {
      key += name.text() + '\n';
    }
    const auto [entry, is_new] = accepted_.try_emplace(key);
    if (is_new) {
      entry->second.assign(model_numbers_.size(), demand.models.empty());
      for (const auto& [text, number] : model_numbers_) {
        const auto there = model::AcceleratorName::recognise(text);
        for (const model::AcceleratorName& wanted : demand.models) {
          if (!text.empty() && there.is(wanted) == Truth::yes) {
            entry->second[number] = true;
          }
        }
      }
    }
    return entry->second;
  }

  static bool fits(const AssignDemand& demand, const Row& row, std::size_t model,
                   const std::vector<bool>& wanted_models) {
    if (demand.wants_cards) {
      const double cards = cards_of_node(row);
      if (row.accelerators != Accelerators::some || cards < 1 ||
          cards < static_cast<double>(demand.cards.value_or(1)) || !wanted_models[model] ||
          !at_least(row.gpu_memory_bytes, demand.card_memory_bytes) ||
          (!demand.vendor.empty() && !text::equal_ignoring_case(demand.vendor, row.gpu_vendor))) {
        return false;
      }
    }
    return at_least(row.cpus(), demand.cpus) && at_least(row.memory_bytes, demand.memory_bytes) &&
           at_least(row.disk_bytes, demand.disk_bytes) &&
           (!demand.fabric_bps || (row.rdma_bps && *row.rdma_bps >= *demand.fabric_bps)) &&
           (!demand.duration_s || !row.walltime_s || *row.walltime_s >= *demand.duration_s) &&
           (!row.nodes_per_job || *row.nodes_per_job >= demand.nodes);
  }

  bool accepts(std::size_t index, std::uint32_t pool) const {
    const Policy& policy = policies_[pool];
    return !policy.is_there ||
           (policy.condition && model::evaluate(*policy.condition, pools_[pool].resource,
                                                demands_[index].document) == Truth::yes);
  }

  bool evaluate(const AssignDemand& demand, std::uint32_t pool) const {
    return model::evaluate(*demand.condition, pools_[pool].resource, demand.document) == Truth::yes;
  }

  // Whether DEMAND's own condition holds; the same words are judged once for a class, unless they
  // read the demand as well.
  bool is_true(const AssignDemand& demand, std::uint32_t pool) {
    if (!demand.condition || demand.condition_reads_demand) {
      return !demand.condition || evaluate(demand, pool);
    }
    if (conditions_.size() * pools_.size() > kMostJudged && !conditions_.contains(demand.where)) {
      conditions_.clear();
    }
    std::vector<std::int8_t>& known = conditions_[demand.where];
    known.resize(pools_.size(), -1);
    if (known[pool] < 0) {
      known[pool] = evaluate(demand, pool) ? 1 : 0;
    }
    return known[pool] == 1;
  }

  double cost_of(const AssignDemand& demand, const Row& row) {
    const double cost =
        has_price(row) ? static_cast<double>(*row.price) * units_of(demand, row) : kUnknownPrice;
    return cost < kMostCost ? cost : kUnknownPrice;
  }

  // How many of its unit a node of ROW is billed for.
  static double units_of(const AssignDemand& demand, const Row& row) {
    switch (row.unit) {
      case BillingUnit::node_hour:
        return 1;
      case BillingUnit::card_hour:
        return demand.cards ? static_cast<double>(*demand.cards) : cards_of_node(row);
      case BillingUnit::core_hour:
        break;
    }
    return static_cast<double>(demand.cpus ? *demand.cpus : row.cpus().value_or(0));
  }

  static bool is_paid(const AssignDemand& demand, const Row& row, double cost) {
    if (!demand.max_price) {
      return true;
    }
    if (cost == kUnknownPrice || row.currency != demand.max_price->money.currency) {
      return false;
    }
    double price = cost / 1e9;
    if (demand.max_price->per == "card-hour") {
      const double cards = demand.cards ? static_cast<double>(*demand.cards) : cards_of_node(row);
      price = cards > 0 ? price / cards : kUnknownPrice;
    } else {
      price *= static_cast<double>(demand.nodes);
    }
    if (demand.max_price->per == "job") {
      price *=
          static_cast<double>(billed_seconds(*demand.duration_s, row.quantum_s, row.minimum_s)) /
          3600;
    }
    return price <= demand.max_price->money.amount.to_double() * (1 + 1e-12);
  }

  const std::vector<AssignDemand>& demands_;
  const std::vector<Pool>& pools_;
  std::string currency_;
  std::array<std::vector<Entry>, kLanes> lanes_;
  std::vector<Policy> policies_;
  std::vector<std::vector<std::size_t>> models_;
  std::map<std::string, std::size_t> model_numbers_;
  std::map<std::string, std::vector<bool>> accepted_;
  std::unordered_map<std::string, std::vector<std::int8_t>> conditions_;
  bool is_too_dear_ = false;
  bool is_full_ = false;
};

class Assignment {
 public:
  Assignment(const std::vector<AssignDemand>& demands, const std::vector<Pool>& pools,
             const AssignOptions& options)
      : demands_(demands), pools_(pools), options_(options), matching_(demands, pools, options) {
    for (const Pool& pool : pools) {
      left_.push_back(pool.nodes);
    }
    result_.resize(demands.size());
  }

  Result<std::vector<Assigned>> run() {
    choose();
    CP_TRY(distribute_all());
    if (options_.classes != 0 && options_.shares.empty()) {
      fill_up();
    }
    hand_out();
    return std::move(result_);
  }

 private:
  struct Given {
    Offered offered;
    std::int64_t nodes = 0;
  };

  // What an unknown price counts as: more than any that is known.
  static double finite(double cost, double dearest) {
    return cost == kUnknownPrice ? 2 * dearest + 1 : cost;
  }

  void choose() {
    double dearest = 0;
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      const auto all = [](std::uint32_t) { return true; };
      offered_.push_back(matching_.best(i, options_.classes, all));
      result_[i].reason = !offered_[i].empty()      ? "no_capacity"
                          : matching_.is_too_dear() ? "too_dear"
                          : matching_.is_full()     ? "no_capacity"
                                                    : "no_match";
      for (const Offered& one : offered_.back()) {
        dearest = one.cost == kUnknownPrice ? dearest : std::max(dearest, one.cost);
      }
    }
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      for (const Offered& one : offered_[i]) {
        origins_.push_back(one);
        choices_.push_back({static_cast<std::uint32_t>(i), one.pool, finite(one.cost, dearest)});
      }
    }
  }

  // Each owner's part of all nodes; of the weights that were given, and 1 for each other owner.
  std::vector<std::int64_t> quotas(std::vector<Task>& tasks) const {
    std::map<std::string, std::uint32_t> owners;
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      tasks[i].owner =
          owners.try_emplace(demands_[i].owner, static_cast<std::uint32_t>(owners.size()))
              .first->second;
    }
    if (options_.shares.empty()) {
      return {};
    }
    const auto weight = [&](const std::string& owner) {
      const auto found = options_.shares.find(owner);
      return found == options_.shares.end() ? 1.0 : found->second;
    };
    double weights = 0, nodes = 0;
    for (const auto& [owner, number] : owners) {
      weights += weight(owner);
    }
    for (const Pool& pool : pools_) {
      nodes += static_cast<double>(pool.nodes);
    }
    std::vector<std::int64_t> quotas(owners.size(), 0);
    for (const auto& [owner, number] : owners) {
      quotas[number] = weights > 0 ? std::llround(nodes * weight(owner) / weights) : 0;
    }
    return quotas;
  }

  Result<void> distribute_all() {
    std::vector<Task> tasks(demands_.size());
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      tasks[i].nodes = demands_[i].nodes;
      tasks[i].priority = options_.with_priorities ? demands_[i].priority : 0;
    }
    const std::vector<std::int64_t> shares = quotas(tasks);
    CP_TRY_ASSIGN(const auto allotments, distribute({tasks, left_, choices_, shares}));
    given_.resize(demands_.size());
    for (const Allotment& one : allotments) {
      given_[choices_[one.choice].task].push_back({origins_[one.choice], one.nodes});
    }
    for (const auto& pieces : given_) {
      for (const Given& piece : pieces) {
        left_[piece.offered.pool] -= piece.nodes;
      }
    }
    return {};
  }

  // Who chose among the best classes alone, and found them full, gets of what is left.
  void fill_up() {
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      if (given_[i].empty() && offered_[i].size() == options_.classes) {
        waiting.push_back(i);
      }
    }
    std::stable_sort(waiting.begin(), waiting.end(), [&](std::size_t a, std::size_t b) {
      return options_.with_priorities && demands_[a].priority > demands_[b].priority;
    });
    for (const std::size_t i : waiting) {
      const auto is_open = [&](std::uint32_t pool) { return left_[pool] >= demands_[i].nodes; };
      const std::vector<Offered> best = matching_.best(i, 1, is_open);
      if (!best.empty()) {
        given_[i].push_back({best.front(), demands_[i].nodes});
        left_[best.front().pool] -= demands_[i].nodes;
      }
    }
  }

  // The nodes of the classes' members: those of one demand in one member where there is room.
  void hand_out() {
    std::vector<std::vector<std::int64_t>> free(pools_.size());
    for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
      for (const Pool::Member& member : pools_[pool].members) {
        free[pool].push_back(member.nodes);
      }
    }
    next_.assign(pools_.size(), 0);
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      if (given_[i].empty()) {
        if (demands_[i].nodes > 1 && result_[i].reason == "no_capacity" && is_in_part(i)) {
          result_[i].reason = "not_whole";
        }
        continue;
      }
      result_[i].reason.clear();
      price(i);
      for (const Given& piece : given_[i]) {
        place(i, piece, free[piece.offered.pool]);
      }
    }
  }

  bool is_in_part(std::size_t demand) const {
    return std::any_of(offered_[demand].begin(), offered_[demand].end(),
                       [&](const Offered& one) { return left_[one.pool] > 0; });
  }

  void place(std::size_t demand, const Given& piece, std::vector<std::int64_t>& free) {
    const std::uint32_t pool = piece.offered.pool;
    std::size_t& first = next_[pool];
    while (first < free.size() && free[first] == 0) {
      ++first;
    }
    std::int64_t wanted = piece.nodes;
    const auto take = [&](std::size_t member) {
      const std::int64_t nodes = std::min(wanted, free[member]);
      if (nodes > 0) {
        free[member] -= nodes;
        wanted -= nodes;
        result_[demand].pieces.push_back({pool, static_cast<std::uint32_t>(member), nodes});
      }
    };
    if (wanted > 1) {
      for (std::size_t member = first; member < free.size() && wanted > 0; ++member) {
        if (free[member] >= wanted) {
          take(member);
        }
      }
    }
    for (std::size_t member = first; member < free.size() && wanted > 0; ++member) {
      take(member);
    }
  }

  void price(std::size_t demand) {
    Decimal hour, job;
    const auto& seconds = demands_[demand].duration_s;
    for (const Given& piece : given_[demand]) {
      if (piece.offered.cost == kUnknownPrice) {
        return;
      }
      const Row& row = pools_[piece.offered.pool].rows[piece.offered.row];
      const auto cost = static_cast<std::int64_t>(std::llround(piece.offered.cost));
      const Decimal part = to_decimal(cost).times(piece.nodes);
      hour = hour + part;
      if (seconds) {
        job = job + part.times(billed_seconds(*seconds, row.quantum_s, row.minimum_s), 3600);
      }
    }
    result_[demand].hour = Money{hour, matching_.currency()};
    if (seconds) {
      result_[demand].job = Money{job, matching_.currency()};
    }
  }

  const std::vector<AssignDemand>& demands_;
  const std::vector<Pool>& pools_;
  const AssignOptions& options_;
  Matching matching_;
  std::vector<std::int64_t> left_;
  std::vector<std::vector<Offered>> offered_;
  std::vector<Offered> origins_;  ///< of choices_
  std::vector<Choice> choices_;
  std::vector<std::vector<Given>> given_;
  std::vector<std::size_t> next_;
  std::vector<Assigned> result_;
};

}  // namespace

Result<std::vector<Assigned>> assign(const std::vector<AssignDemand>& demands,
                                     const std::vector<Pool>& pools, const AssignOptions& options) {
  return Assignment(demands, pools, options).run();
}

}  // namespace cp::market
