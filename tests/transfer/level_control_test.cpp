// SPDX-License-Identifier: Apache-2.0
#include "transfer/level_control.hpp"

#include "catch.hpp"
#include <algorithm>
#include <map>
#include <set>

using namespace cp::transfer;
using namespace std::chrono_literals;

namespace {

struct Cost {
  double nanoseconds;  // a byte
  double ratio;
};
using Material = std::map<int, Cost>;

const Material kText{{-3, {1.3, 0.6}}, {1, {2.4, 0.4}},  {3, {4, 0.36}},
                     {6, {11, 0.33}},  {9, {20, 0.325}}, {12, {45, 0.32}}};
const Material kNoise{{-3, {0.3, 1}}, {1, {0.3, 1}}, {3, {0.4, 1}},
                      {6, {1, 1}},    {9, {1, 1}},   {12, {1, 1}}};

// Two streams over a line of RATE bytes a nanosecond, on a machine with CORES that are idle, to a
// receiver that places up to DISK.
struct Way {
  double rate;
  double cores = 2;
  double disk = 100;
  bool is_paced = false;  // the rate is one that was asked for
  double placing = 0;     // share of the time that the receiver needs in any case
  double opening = 0;  // what the receiver needs to open a compressed byte, on the same line's time
  LevelControl control{2, 2, cp::SteadyTime{}};
  LevelControl::Moment moment{};
  std::set<int> seen{};

  // One period with LEVEL in force; bytes a nanosecond that arrive.
  double run(const Material& material) {
    const int level = control.level();
    seen.insert(level);
    const Cost cost = level == 0 ? Cost{0, 1} : material.at(level);
    if (control.wants_trials() && level == 0) {
      learn(1, material.at(1));
    }
    const double compressed = level == 0 ? 0 : opening;
    const double through = std::min({rate / cost.ratio, cores / (0.3 + cost.nanoseconds), disk,
                                     1 / (1 / (rate / cost.ratio) + compressed)});
    const double length = 2e8;
    if (level != 0) {
      learn(level, cost);
    }
    const auto plain = static_cast<std::uint64_t>(through * length);
    for (int i = 0; i < 4; ++i) {
      control.placed(plain / 4, static_cast<std::uint64_t>(through * length * cost.ratio / 4));
    }
    const double busy = through * length * (0.3 + cost.nanoseconds);
    moment.now += 200ms;
    (is_paced ? moment.pacing : moment.sending) +=
        std::chrono::nanoseconds(static_cast<std::int64_t>(2 * length - busy));
    moment.compressing +=
        std::chrono::nanoseconds(static_cast<std::int64_t>(through * length * cost.nanoseconds));
    moment.placing += std::chrono::nanoseconds(
        static_cast<std::int64_t>(2 * length * std::max(placing, std::min(1.0, through / disk))));
    moment.idle_cores = std::max(0.0, cores - busy / length);
    REQUIRE(control.is_due(moment.now));
    control.decide(moment);
    return through;
  }
  double run(const Material& material, int periods) {
    double through = 0;
    for (int i = 0; i < periods; ++i) {
      through = run(material);
    }
    return through;
  }
  void learn(int level, const Cost& cost) {
    control.learn(level, 1'000'000, static_cast<std::uint64_t>(1'000'000 * cost.ratio),
                  std::chrono::nanoseconds(static_cast<std::int64_t>(1e6 * cost.nanoseconds)));
  }
};

}  // namespace

TEST_CASE("what does not shrink is never compressed") {
  Way way{.rate = 0.025};
  way.run(kNoise, 100);
  CHECK(way.seen == std::set{0});
}

TEST_CASE("a line that is faster than zstd gets plain chunks") {
  Way way{.rate = 1.0};
  way.run(kText, 100);
  CHECK(way.seen == std::set{0});
}

TEST_CASE("when nobody waits for the network nothing is even tried") {
  Way way{.rate = 100};
  way.run(kText, 20);
  CHECK_FALSE(way.control.wants_trials());
  CHECK(way.seen == std::set{0});
}

TEST_CASE("compression does not help a disk that is full") {
  Way way{.rate = 0.1, .disk = 0.1};
  way.run(kText, 100);
  CHECK(way.seen == std::set{0});
}

TEST_CASE("a rate that was asked for is full, however long the receiver takes for small files") {
  Way way{.rate = 0.025, .is_paced = true, .placing = 0.7};
  way.run(kText, 20);
  CHECK(way.control.level() > 0);
}

TEST_CASE("a receiver that tells its time every other period is no full disk") {
  // It places for a third of its time.
  Way way{.rate = 0.025};
  for (int i = 0; i < 20; ++i) {
    way.placing = i % 2 == 0 ? 0.66 : 0.0;
    way.run(kText);
    if (i > 2) {
      CHECK((way.control.wants_trials() || way.control.level() > 0));
    }
  }
  CHECK(way.control.level() > 0);
}

TEST_CASE("a machine whose cores are taken does not compress for a fast line") {
  Way way{.rate = 0.4};
  way.cores = 0.5;
  way.run(kText, 100);
  CHECK(way.seen == std::set{0});
}

TEST_CASE("a slow line gets compressed chunks at once, and ever smaller ones") {
  Way way{.rate = 0.025};
  CHECK(way.run(kText, 1) == Approx(0.025));
  way.run(kText, 3);
  CHECK(way.control.level() > 0);
  CHECK(way.run(kText, 40) > 0.025 / 0.34);
  CHECK(way.control.level() >= 6);
  CHECK(*way.seen.rbegin() <= 9);  // what level 12 brings is not worth its cost
}

TEST_CASE("a line between gets the level that lets the most through") {
  Way way{.rate = 0.15};
  way.run(kText, 100);
  CHECK(way.control.level() >= 1);
  CHECK(way.control.level() <= 3);
  CHECK(way.run(kText) > 0.3);
}

TEST_CASE("when the network becomes faster the level goes down") {
  Way way{.rate = 0.01};
  way.run(kText, 50);
  REQUIRE(way.control.level() >= 6);
  way.rate = 0.15;
  way.run(kText, 20);
  CHECK(way.control.level() <= 3);
}

TEST_CASE("what turns out no faster ends, and is tried again ever more rarely") {
  // All looks well here, and the receiver cannot open it as fast as the line brings plain chunks.
  Way way{.rate = 0.2, .opening = 6};
  int compressed = 0;
  double arrived = 0;
  const int periods = 5 * 300;  // five minutes
  for (int i = 0; i < periods; ++i) {
    compressed += way.control.level() != 0 ? 1 : 0;
    arrived += way.run(kText);
  }
  CHECK(compressed > 0);
  CHECK(compressed < periods / 50);
  CHECK(arrived > 0.99 * periods * 0.2);
}

TEST_CASE("data that begins to shrink is compressed from then on") {
  Way way{.rate = 0.025};
  way.run(kNoise, 20);
  REQUIRE(way.control.level() == 0);
  way.run(kText, 30);
  CHECK(way.control.level() > 0);
}

TEST_CASE("nothing is decided before enough has arrived") {
  LevelControl control(2, 2, cp::SteadyTime{});
  CHECK_FALSE(control.is_due(cp::SteadyTime{10s}));
  control.placed(1, 1);
  CHECK_FALSE(control.is_due(cp::SteadyTime{500ms}));
  CHECK(control.is_due(cp::SteadyTime{1s}));
  for (int i = 0; i < 3; ++i) {
    control.placed(1, 1);
  }
  CHECK_FALSE(control.is_due(cp::SteadyTime{99ms}));
  CHECK(control.is_due(cp::SteadyTime{100ms}));
}
