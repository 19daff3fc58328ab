// SPDX-License-Identifier: Apache-2.0
#include "market/distribution.hpp"

#include "catch.hpp"
#include <algorithm>
#include <map>
#include <optional>
#include <random>

using cp::market::Allotment;
using cp::market::Choice;
using cp::market::distribute;
using cp::market::Distribution;
using cp::market::Task;

namespace {

struct Outcome {
  std::map<std::int64_t, int, std::greater<>> served;  ///< tasks by priority, the highest first
  double cost = 0;
};

bool is_better(const Outcome& a, const Outcome& b) {
  return a.served != b.served ? a.served > b.served : a.cost < b.cost - 1e-9;
}

// Every way to give each task one of its choices or nothing, one after the other.
class Trial {
 public:
  explicit Trial(const Distribution& what)
      : what_(what), left_(what.pools.begin(), what.pools.end()) {
    for (const Task& task : what.tasks) {
      now_.served[task.priority] = 0;
    }
    best_ = now_;
    best_.cost = 0;
    from(0);
  }
  const Outcome& best() const { return best_; }

 private:
  void from(std::size_t task) {
    if (task == what_.tasks.size()) {
      best_ = is_better(now_, best_) ? now_ : best_;
      return;
    }
    from(task + 1);
    for (const Choice& choice : what_.choices) {
      const std::int64_t nodes = what_.tasks[task].nodes;
      if (choice.task != task || left_[choice.pool] < nodes) {
        continue;
      }
      left_[choice.pool] -= nodes;
      const Outcome before = now_;
      now_.cost += choice.cost * static_cast<double>(nodes);
      ++now_.served[what_.tasks[task].priority];
      from(task + 1);
      now_ = before;
      left_[choice.pool] += nodes;
    }
  }

  const Distribution& what_;
  std::vector<std::int64_t> left_;
  Outcome now_, best_;
};

// What ALLOTMENTS come to; REQUIREs that they are possible.
Outcome outcome_of(const Distribution& what, const std::vector<Allotment>& allotments) {
  std::vector<std::int64_t> left(what.pools.begin(), what.pools.end());
  std::vector<std::int64_t> got(what.tasks.size(), 0);
  Outcome outcome;
  for (const Allotment& one : allotments) {
    const Choice& choice = what.choices[one.choice];
    REQUIRE(one.nodes > 0);
    left[choice.pool] -= one.nodes;
    got[choice.task] += one.nodes;
    outcome.cost += choice.cost * static_cast<double>(one.nodes);
  }
  for (const std::int64_t nodes : left) {
    REQUIRE(nodes >= 0);
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    REQUIRE((got[i] == 0 || got[i] == what.tasks[i].nodes));
    outcome.served[what.tasks[i].priority] += got[i] > 0 ? 1 : 0;
  }
  return outcome;
}

}  // namespace

TEST_CASE("nothing to give and nobody to give it to is no error") {
  CHECK(distribute({})->empty());
  const std::vector<Task> tasks{{}, {}};
  CHECK(distribute({tasks, {}, {}, {}})->empty());
}

TEST_CASE("the distribution is the best of all, as trying every one of them shows") {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    std::vector<Task> tasks(1 + random() % 6);
    for (Task& task : tasks) {
      task.priority = static_cast<std::int64_t>(random() % 3);
    }
    std::vector<std::int64_t> pools(1 + random() % 4);
    for (std::int64_t& pool : pools) {
      pool = static_cast<std::int64_t>(random() % 3);
    }
    std::vector<Choice> choices;
    for (std::uint32_t task = 0; task < tasks.size(); ++task) {
      for (std::uint32_t pool = 0; pool < pools.size(); ++pool) {
        if (random() % 3 != 0) {
          choices.push_back({task, pool, static_cast<double>(random() % 50)});
        }
      }
    }
    const Distribution what{tasks, pools, choices, {}};
    const auto allotments = distribute(what);
    REQUIRE(allotments);
    const Outcome ours = outcome_of(what, *allotments);
    const Outcome best = Trial(what).best();
    CHECK(ours.served == best.served);
    CHECK(ours.cost == Approx(best.cost));
  }
}

TEST_CASE("a task gets all of its nodes or none, and what it gives back goes to others") {
  const std::vector<Task> tasks{{3, 1, 0}, {1, 0, 0}, {1, 0, 0}};
  const std::vector<std::int64_t> pools{2};
  const std::vector<Choice> choices{{0, 0, 1}, {1, 0, 1}, {2, 0, 1}};
  const Distribution what{tasks, pools, choices, {}};
  const auto allotments = distribute(what);
  REQUIRE(allotments);
  const Outcome outcome = outcome_of(what, *allotments);
  CHECK(outcome.served.at(1) == 0);
  CHECK(outcome.served.at(0) == 2);
}

TEST_CASE("random tasks of many nodes are never torn, and no pool is given away twice") {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<Task> tasks(20);
    for (Task& task : tasks) {
      task = {1 + static_cast<std::int64_t>(random() % 5), static_cast<std::int64_t>(random() % 4),
              0};
    }
    const std::vector<std::int64_t> pools{5, 7, 3, 9};
    std::vector<Choice> choices;
    for (std::uint32_t task = 0; task < tasks.size(); ++task) {
      for (std::uint32_t pool = 0; pool < pools.size(); ++pool) {
        choices.push_back({task, pool, static_cast<double>(random() % 90)});
      }
    }
    const Distribution what{tasks, pools, choices, {}};
    const auto allotments = distribute(what);
    REQUIRE(allotments);
    CHECK(outcome_of(what, *allotments).cost > 0);
  }
}

TEST_CASE("an owner's share comes first, and what others leave over is for all") {
  const std::vector<Task> tasks{{1, 9, 0}, {1, 9, 0}, {1, 9, 0}, {1, 0, 1}};
  const std::vector<std::int64_t> pools{3};
  const std::vector<Choice> choices{{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 50}};
  const std::vector<std::int64_t> quotas{2, 1};
  const auto served = [&](std::span<const std::int64_t> shares) {
    std::vector<std::int64_t> got(2, 0);
    const auto allotments = distribute({tasks, pools, choices, shares});
    REQUIRE(allotments);
    for (const Allotment& one : *allotments) {
      got[tasks[choices[one.choice].task].owner] += one.nodes;
    }
    return got;
  };
  CHECK(served({}) == std::vector<std::int64_t>{3, 0});
  CHECK(served(quotas) == std::vector<std::int64_t>{2, 1});
  const std::vector<std::int64_t> small{1, 1};
  CHECK(served(small) == std::vector<std::int64_t>{2, 1});
  const std::vector<std::int64_t> none{0, 3};
  CHECK(served(none) == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("more than can be counted is refused") {
  const std::vector<Task> tasks{{1'000'001, 0, 0}};
  CHECK(distribute({tasks, {}, {}, {}}).error().code == cp::Errc::usage);
}
