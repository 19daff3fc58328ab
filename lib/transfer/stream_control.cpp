// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_control.hpp"

#include <algorithm>
#include <utility>

namespace cp::transfer {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortestPeriod = std::chrono::nanoseconds(1s);
constexpr auto kLeastSettling = std::chrono::nanoseconds(500ms);
constexpr int kPeriodRoundTrips = 10;
constexpr int kSettlingRoundTrips = 6;  // a slow start takes about as many
// What arrives is counted by the chunk, so that a period with few of them says little.
constexpr std::uint64_t kBytesOfStream = std::uint64_t{4} << 20U;
constexpr int kMostPeriods = 4;
constexpr std::size_t kLeastStep = 3;
constexpr auto kFirstPatience = std::chrono::nanoseconds(2s);
constexpr auto kLastPatience = std::chrono::nanoseconds(60s);

constexpr double kBusyElsewhere = 0.5;  // share of the streams' time
constexpr double kPaid = 1.1;
constexpr double kDeclined = 0.85;

double as_count(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

}  // namespace

StreamControl::StreamControl(std::size_t most, std::chrono::nanoseconds round_trip, SteadyTime now)
    : most_(most),
      settling_(std::max(kLeastSettling, kSettlingRoundTrips * round_trip)),
      period_(std::max(kShortestPeriod, kPeriodRoundTrips * round_trip)),
      begin_{.now = now},
      hold_(kFirstPatience) {}

// What is on its way when streams begin says nothing of what they carry later.
void StreamControl::settle(const Moment& moment) {
  begin_ = moment;
  is_settled_ = false;
  expected_ = 0;
}

bool StreamControl::is_due(const Moment& moment) {
  if (moment.streams >= most_) {
    return false;
  }
  if (moment.streams != begin_.streams) {
    settle(moment);
  }
  if (expected_ != 0) {
    return false;
  }
  const auto passed = moment.now - begin_.now;
  if (!is_settled_ && passed >= settling_) {
    begin_ = moment;
    is_settled_ = true;
    return false;
  }
  const bool has_enough = moment.bytes - begin_.bytes >= moment.streams * kBytesOfStream;
  return is_settled_ && (has_enough ? passed >= period_ : passed >= kMostPeriods * period_);
}

bool StreamControl::should_grow(const Moment& moment, double rate) {
  if (is_judging_) {
    is_judging_ = false;
    is_content_ = rate < kPaid * before_;
    // What the line carries now is what it is compared with from here on.
    last_ = rate;
    best_ = rate;
    hold_until_ = is_content_ ? moment.now + hold_ : moment.now;
    hold_ = is_content_ ? std::min(2 * hold_, kLastPatience) : kFirstPatience;
  }
  const double lately = (rate + std::exchange(last_, rate)) / 2;
  best_ = std::max(best_, lately);
  return moment.now >= hold_until_ && (!is_content_ || lately < kDeclined * best_);
}

std::size_t StreamControl::decide(const Moment& moment) {
  const double length = std::max(as_count(moment.now - begin_.now), 1.0);
  const double rate = static_cast<double>(moment.bytes - begin_.bytes) / length;
  const double elsewhere =
      as_count(moment.elsewhere - begin_.elsewhere) / length / static_cast<double>(moment.streams);
  begin_ = moment;
  if (!should_grow(moment, rate) || elsewhere >= kBusyElsewhere) {
    return 0;
  }
  before_ = rate;
  is_judging_ = true;
  expected_ = std::min(std::max(moment.streams / 2, kLeastStep), most_ - moment.streams);
  return expected_;
}

}  // namespace cp::transfer
