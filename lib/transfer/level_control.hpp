// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace cp::transfer {

/// One level of zstd, and what it takes and brings.
struct LevelRung {
  int level = 0;
  double cost = 0;   ///< nanoseconds a byte
  double ratio = 0;  ///< of what travels to what it holds
  bool is_known = false;
};

/// Chooses whether a sender compresses, and at which level, by which queue is full. It starts with
/// plain chunks. When the streams wait for the network it works out, from what trials cost and
/// brought on this data and from the cores that are idle, which level would let the most through;
/// when they wait no longer, it goes down. What turns out to be no faster than plain chunks ends,
/// and is tried again ever more rarely. Safe on any thread.
class LevelControl {
 public:
  /// What a sender knows, all together since its start.
  struct Moment {
    SteadyTime now;
    std::chrono::nanoseconds sending{};      ///< of all streams: waiting for the network
    std::chrono::nanoseconds pacing{};       ///< of all streams: held back by a rate that was asked
    std::chrono::nanoseconds compressing{};  ///< of all streams
    std::chrono::nanoseconds placing{};      ///< of the receiver's streams: waiting for its disk
    double idle_cores = 0;                   ///< of this machine, lately
  };

  LevelControl(std::size_t streams, double cores, SteadyTime now);

  /// There are so many streams from now on.
  void set_streams(std::size_t streams);

  /// For the next chunk; 0: it goes as it is.
  int level() const { return level_; }
  /// Whether trials on chunks that go as they are would tell something.
  bool wants_trials() const { return wants_trials_; }
  /// That PLAIN bytes became WIRE ones at LEVEL in TOOK.
  void learn(int level, std::uint64_t plain, std::uint64_t wire, std::chrono::nanoseconds took);
  /// That a chunk of PLAIN bytes, of which WIRE travelled, is at the far end.
  void placed(std::uint64_t plain, std::uint64_t wire);

  /// Whether there is enough to decide on.
  bool is_due(SteadyTime now) const;
  void decide(const Moment& moment);

 private:
  static constexpr std::size_t rungs = 6;
  struct Period;

  Period period_since_last(const Moment& moment);
  LevelRung rung_at(std::size_t index) const;
  double goodput(std::size_t index, const Period& period) const;
  std::size_t best(const Period& period) const;
  void decide_plain(const Period& period);
  void decide_compressed(const Period& period);
  void go_to(std::size_t index);
  void give_up(SteadyTime now);

  const double cores_;
  std::atomic<int> level_{0};
  std::atomic<bool> wants_trials_{false};
  mutable std::mutex mutex_;  ///< guards what follows
  double streams_;
  std::array<LevelRung, rungs> ladder_;
  std::size_t learned_ = rungs;  ///< the rung that was tried last; `rungs`: none
  std::size_t index_ = 0;        ///< of the level, unless it is 0
  Moment last_;
  double last_placing_ = 0;  ///< share of the period before
  std::uint64_t plain_ = 0;  ///< placed since the last decision, as the next
  std::uint64_t wire_ = 0;
  std::uint64_t chunks_ = 0;
  double plain_rate_ = 0;       ///< bytes a nanosecond that arrived without compression
  double compressed_rate_ = 0;  ///< and with it
  int compressed_periods_ = 0;
  SteadyTime hold_until_{};
  std::chrono::nanoseconds hold_;
};

}  // namespace cp::transfer
