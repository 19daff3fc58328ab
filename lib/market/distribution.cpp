// SPDX-License-Identifier: Apache-2.0
#include "market/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <map>

namespace cp::market {
namespace {

using Graph = lemon::SmartDigraph;
using Simplex = lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t>;

constexpr double kCostSteps = 1e5;
constexpr std::size_t kMostPriorities = 1000;
constexpr std::int64_t kMostNodes = 1'000'000;
constexpr int kRounds = 4;  ///< of leaving out half of the tasks that are served in part

// The ranks of the tasks' priorities, from 0 for the lowest.
std::map<std::int64_t, std::int64_t> ranks_of(std::span<const Task> tasks) {
  std::map<std::int64_t, std::int64_t> ranks;
  for (const Task& task : tasks) {
    ranks.emplace(task.priority, 0);
  }
  std::int64_t next = 0;
  for (auto& [priority, rank] : ranks) {
    rank = next++;
  }
  return ranks;
}

// One flow: from the source through the owner, within the quota or beyond it, and the task to a
// pool and the sink; what is not served goes past all of them at the highest price. That a task is
// served outweighs all that any exchange of nodes could save, and so does each step of priority;
// since the sets of tasks that can be served together form a matroid, weights in the right order
// are enough to serve the highest priority first and no fewer tasks.
class Flow {
 public:
  Flow(const Distribution& what, const std::vector<bool>& is_left_out)
      : what_(what), ranks_(ranks_of(what.tasks)), is_left_out_(is_left_out) {
    double dearest = 0;
    for (const Choice& choice : what.choices) {
      dearest = std::max(dearest, choice.cost);
    }
    scale_ = dearest > 0 ? kCostSteps / dearest : 0;
    const auto longest = 2 * std::min(what.tasks.size(), what.pools.size()) + 4;
    step_ = static_cast<std::int64_t>(kCostSteps + 1) * static_cast<std::int64_t>(longest);
    beyond_ = step_ * (static_cast<std::int64_t>(ranks_.size()) + 1);
    unserved_ = 2 * beyond_;
  }

  // The nodes that each choice gets.
  std::vector<std::int64_t> solve() {
    build();
    Simplex simplex(graph_);
    Graph::ArcMap<std::int64_t> capacities(graph_), costs(graph_);
    for (std::size_t i = 0; i < arcs_.size(); ++i) {
      capacities[arcs_[i].arc] = arcs_[i].capacity;
      costs[arcs_[i].arc] = arcs_[i].cost;
    }
    simplex.upperMap(capacities).costMap(costs).stSupply(source_, sink_, wanted_);
    std::vector<std::int64_t> flow(what_.choices.size(), 0);
    if (simplex.run() != Simplex::OPTIMAL) {
      return flow;  // cannot be: the way past all pools takes everything
    }
    for (std::size_t i = 0; i < flow.size(); ++i) {
      flow[i] = used_[i] ? simplex.flow(choice_arcs_[i]) : 0;
    }
    return flow;
  }

 private:
  struct Edge {
    Graph::Arc arc;
    std::int64_t capacity;
    std::int64_t cost;
  };

  Graph::Arc add(Graph::Node from, Graph::Node to, std::int64_t capacity, std::int64_t cost) {
    const Graph::Arc arc = graph_.addArc(from, to);
    arcs_.push_back({arc, capacity, cost});
    return arc;
  }

  void build() {
    source_ = graph_.addNode();
    sink_ = graph_.addNode();
    add_owners();
    add_tasks();
    std::vector<Graph::Node> pools;
    for (const std::int64_t nodes : what_.pools) {
      pools.push_back(graph_.addNode());
      add(pools.back(), sink_, nodes, 0);
    }
    for (const Choice& choice : what_.choices) {
      const bool is_used = !is_left_out_[choice.task];
      used_.push_back(is_used);
      choice_arcs_.push_back(is_used ? add(tasks_[choice.task], pools[choice.pool],
                                           what_.tasks[choice.task].nodes,
                                           std::llround(choice.cost * scale_))
                                     : Graph::Arc(lemon::INVALID));
    }
    add(source_, sink_, wanted_, unserved_);
  }

  void add_owners() {
    for (const std::int64_t quota : what_.quotas) {
      owners_.push_back(graph_.addNode());
      add(source_, owners_.back(), quota, 0);
      add(source_, owners_.back(), kMostNodes, beyond_);
    }
  }

  void add_tasks() {
    const auto highest = static_cast<std::int64_t>(ranks_.size()) - 1;
    for (std::size_t i = 0; i < what_.tasks.size(); ++i) {
      const Task& task = what_.tasks[i];
      tasks_.push_back(graph_.addNode());
      if (!is_left_out_[i]) {
        add(owners_.empty() ? source_ : owners_[task.owner], tasks_.back(), task.nodes,
            step_ * (highest - ranks_.at(task.priority)));
        wanted_ += task.nodes;
      }
    }
  }

  const Distribution& what_;
  std::map<std::int64_t, std::int64_t> ranks_;
  const std::vector<bool>& is_left_out_;
  double scale_ = 0;
  std::int64_t step_ = 0, beyond_ = 0, unserved_ = 0, wanted_ = 0;
  Graph graph_;
  Graph::Node source_, sink_;
  std::vector<Graph::Node> owners_, tasks_;
  std::vector<Edge> arcs_;
  std::vector<Graph::Arc> choice_arcs_;
  std::vector<bool> used_;
};

// The tasks that FLOW serves in part, those first that are given up last.
std::vector<std::size_t> torn(const Distribution& what, const std::vector<std::int64_t>& flow) {
  std::vector<std::int64_t> got(what.tasks.size(), 0);
  for (std::size_t i = 0; i < flow.size(); ++i) {
    got[what.choices[i].task] += flow[i];
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] > 0 && got[i] < what.tasks[i].nodes) {
      found.push_back(i);
    }
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return what.tasks[a].priority > what.tasks[b].priority;
  });
  return found;
}

Result<void> check_size(const Distribution& what) {
  std::int64_t wanted = 0;
  for (const Task& task : what.tasks) {
    wanted += std::min(task.nodes, kMostNodes + 1);
    if (wanted > kMostNodes) {
      return fail(Errc::usage, "more than {} nodes are wanted: assign them in parts", kMostNodes);
    }
  }
  if (ranks_of(what.tasks).size() > kMostPriorities) {
    return fail(Errc::usage, "there are more than {} priorities", kMostPriorities);
  }
  return {};
}

}  // namespace

Result<std::vector<Allotment>> distribute(const Distribution& what) {
  CP_TRY(check_size(what));
  std::vector<bool> is_left_out(what.tasks.size(), false);
  std::vector<std::int64_t> flow = Flow(what, is_left_out).solve();
  for (int round = 1;; ++round) {
    const std::vector<std::size_t> parts = torn(what, flow);
    if (parts.empty()) {
      break;
    }
    const std::size_t kept = round < kRounds ? parts.size() / 2 : 0;
    for (std::size_t i = kept; i < parts.size(); ++i) {
      is_left_out[parts[i]] = true;
    }
    flow = Flow(what, is_left_out).solve();
    if (round > 4 * kRounds) {
      return fail(Errc::internal, "the distribution does not settle");
    }
  }
  std::vector<Allotment> allotments;
  for (std::size_t i = 0; i < flow.size(); ++i) {
    if (flow[i] > 0) {
      allotments.push_back({static_cast<std::uint32_t>(i), flow[i]});
    }
  }
  return allotments;
}

}  // namespace cp::market
