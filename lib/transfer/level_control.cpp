// SPDX-License-Identifier: Apache-2.0
#include "transfer/level_control.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cp::transfer {
namespace {

constexpr auto kLeastPeriod = std::chrono::milliseconds(100);
constexpr auto kMostPeriod = std::chrono::seconds(1);
constexpr auto kFirstHold = std::chrono::seconds(4);
constexpr auto kLastHold = std::chrono::seconds(120);

constexpr double kFull = 0.5;    // share of their time that streams wait when a queue is full
constexpr double kHungry = 0.2;  // and when it runs empty
constexpr double kReadCost = 0.3;
constexpr double kWorthStarting = 1.1;
constexpr double kWorthAnotherRung = 1.03;
constexpr double kWorthStaying = 1.02;
constexpr double kCompressed = 0.97;  // what travels of what arrives, once it is compressed
constexpr int kPeriodsToJudge = 3;
constexpr int kPeriodsRemembered = 5;
// The first step is no higher than level 3: each one above is taken for what it brings.
constexpr std::size_t kFirstRung = 2;

// Costs and ratios are those of zstd 1.5 on program text, on one core of 3 GHz: only how they grow
// from rung to rung counts once something was tried.
constexpr std::array<LevelRung, 6> kLadder{{{-3, 1.3, 0.62},
                                            {1, 2.4, 0.50},
                                            {3, 3.8, 0.46},
                                            {6, 11, 0.43},
                                            {9, 20, 0.42},
                                            {12, 45, 0.415}}};

double mean(double old, double now) { return old == 0 ? now : (old + now) / 2; }

double count(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

}  // namespace

struct LevelControl::Period {
  SteadyTime now;
  double waiting = 0;  ///< share of the streams' time, as the next
  double pacing = 0;   ///< of that
  double placing = 0;
  double plain_rate = 0;
  double wire_rate = 0;
  double cores = 0;  ///< that compression may have
};

LevelControl::LevelControl(std::size_t streams, double cores, SteadyTime now)
    : cores_(cores),
      streams_(static_cast<double>(std::max<std::size_t>(streams, 1))),
      ladder_(kLadder),
      last_{.now = now},
      hold_(kFirstHold) {}

void LevelControl::set_streams(std::size_t streams) {
  const std::scoped_lock lock(mutex_);
  streams_ = static_cast<double>(std::max<std::size_t>(streams, 1));
}

void LevelControl::learn(int level, std::uint64_t plain, std::uint64_t wire,
                         std::chrono::nanoseconds took) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(ladder_, level, &LevelRung::level);
  if (found == ladder_.end() || plain == 0) {
    return;
  }
  const double bytes = static_cast<double>(plain);
  const double cost = count(took) / bytes;
  const double ratio = static_cast<double>(wire) / bytes;
  constexpr double kNew = 0.25;
  found->cost = found->is_known ? found->cost + kNew * (cost - found->cost) : cost;
  found->ratio = found->is_known ? found->ratio + kNew * (ratio - found->ratio) : ratio;
  found->is_known = true;
  learned_ = static_cast<std::size_t>(found - ladder_.begin());
}

void LevelControl::placed(std::uint64_t plain, std::uint64_t wire) {
  const std::scoped_lock lock(mutex_);
  plain_ += plain;
  wire_ += wire;
  ++chunks_;
}

bool LevelControl::is_due(SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  const auto passed = now - last_.now;
  const bool has_enough = static_cast<double>(chunks_) >= 2 * streams_;
  return chunks_ != 0 && ((passed >= kLeastPeriod && has_enough) || passed >= kMostPeriod);
}

LevelControl::Period LevelControl::period_since_last(const Moment& moment) {
  const double length = std::max(count(moment.now - last_.now), 1.0);
  const double compressing = count(moment.compressing - last_.compressing) / length;
  const auto pacing = moment.pacing - last_.pacing;
  // The receiver tells that every other period.
  const double placing = count(moment.placing - last_.placing) / length / streams_;
  const Period period{
      .now = moment.now,
      .waiting = (count(moment.sending - last_.sending) + count(pacing)) / length / streams_,
      .pacing = count(pacing) / length / streams_,
      .placing = (placing + std::exchange(last_placing_, placing)) / 2,
      .plain_rate = static_cast<double>(plain_) / length,
      .wire_rate = static_cast<double>(wire_) / length,
      // Whoever shares the machine gets his part, and no more of ours than that.
      .cores = std::min(streams_, std::max(moment.idle_cores + compressing, cores_ / 4))};
  last_ = moment;
  plain_ = 0;
  wire_ = 0;
  chunks_ = 0;
  return period;
}

// What was not tried is to its neighbour as it is on other data.
LevelRung LevelControl::rung_at(std::size_t index) const {
  const LevelRung& rung = ladder_[index];
  if (rung.is_known || learned_ == rungs) {
    return rung;
  }
  const LevelRung& near = ladder_[learned_];
  const LevelRung& usual = kLadder[learned_];
  return {.level = rung.level,
          .cost = near.cost * rung.cost / usual.cost,
          .ratio = std::pow(near.ratio, std::log(rung.ratio) / std::log(usual.ratio))};
}

double LevelControl::goodput(std::size_t index, const Period& period) const {
  const LevelRung rung = rung_at(index);
  return std::min(period.wire_rate / std::max(rung.ratio, 1e-3),
                  period.cores / (kReadCost + rung.cost));
}

std::size_t LevelControl::best(const Period& period) const {
  std::size_t chosen = 0;
  for (std::size_t i = 1; i < rungs; ++i) {
    if (goodput(i, period) > goodput(chosen, period) * kWorthAnotherRung) {
      chosen = i;
    }
  }
  return chosen;
}

void LevelControl::go_to(std::size_t index) {
  index_ = index;
  level_ = ladder_[index].level;
}

void LevelControl::give_up(SteadyTime now) {
  level_ = 0;
  compressed_rate_ = 0;
  compressed_periods_ = 0;
  hold_until_ = now + hold_;
  hold_ = std::min<std::chrono::nanoseconds>(2 * hold_, kLastHold);
}

void LevelControl::decide(const Moment& moment) {
  const std::scoped_lock lock(mutex_);
  const Period period = period_since_last(moment);
  if (level_ == 0) {
    decide_plain(period);
  } else {
    decide_compressed(period);
  }
}

void LevelControl::decide_plain(const Period& period) {
  // Chunks from before may still arrive.
  if (period.wire_rate > kCompressed * period.plain_rate) {
    plain_rate_ = mean(plain_rate_, period.plain_rate);
  }
  // However long a receiver takes for many small files, a rate that was asked for is what counts.
  const bool is_full =
      period.pacing >= kFull || (period.waiting >= kFull && period.placing < kFull);
  wants_trials_ = is_full && period.now >= hold_until_;
  if (!wants_trials_ || learned_ == rungs) {
    return;
  }
  const std::size_t chosen = best(period);
  if (goodput(chosen, period) >= kWorthStarting * period.wire_rate) {
    go_to(std::min(chosen, kFirstRung));
  }
}

void LevelControl::decide_compressed(const Period& period) {
  if (period.wire_rate > kCompressed * period.plain_rate) {
    return;
  }
  // One period that is slow by itself, as on a machine with other work, says little.
  compressed_rate_ +=
      (period.plain_rate - compressed_rate_) / std::min(++compressed_periods_, kPeriodsRemembered);
  if (compressed_periods_ >= kPeriodsToJudge && compressed_rate_ < kWorthStaying * plain_rate_) {
    give_up(period.now);
    return;
  }
  if (period.waiting < kHungry && index_ > 0) {
    go_to(index_ - 1);
    return;
  }
  const std::size_t chosen = best(period);
  const bool pays = goodput(chosen, period) > kWorthAnotherRung * goodput(index_, period);
  if (period.waiting >= kFull && pays && chosen != index_) {
    go_to(chosen > index_ ? index_ + 1 : index_ - 1);
  }
}

}  // namespace cp::transfer
