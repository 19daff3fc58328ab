// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_control.hpp"

#include "transfer/limits.hpp"

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
constexpr double kClimbing = 1.25;  // from one half of a period to the other
constexpr double kQueued = 1.25;    // of the round trip on an empty line
constexpr double kEnough = 0.9;     // of the rate that was asked for
constexpr auto kJitter = std::chrono::nanoseconds(1ms);

double as_count(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

}  // namespace

StreamControl::StreamControl(std::size_t most, std::chrono::nanoseconds round_trip, SteadyTime now,
                             double enough)
    : most_(most),
      enough_(enough),
      round_trip_(round_trip),
      settling_(std::max(kLeastSettling, kSettlingRoundTrips * round_trip)),
      period_(std::max(kShortestPeriod, kPeriodRoundTrips * round_trip)),
      begin_{.now = now},
      hold_(kFirstPatience) {}

double rate_between(const StreamControl::Moment& begin, const StreamControl::Moment& end) {
  return static_cast<double>(end.bytes - begin.bytes) /
         std::max(as_count(end.now - begin.now), 1.0);
}

// What is on its way when streams begin says nothing of what they carry later.
void StreamControl::settle(const Moment& moment) {
  begin_ = moment;
  middle_.reset();
  is_settled_ = false;
  expected_ = 0;
}

// Whether SHARE of a period is over at MOMENT.
bool StreamControl::is_past(double share, const Moment& moment) const {
  const double passed = as_count(moment.now - begin_.now);
  const auto wanted = static_cast<double>(moment.streams * kBytesOfStream);
  const bool has_enough = static_cast<double>(moment.bytes - begin_.bytes) >= share * wanted;
  return passed >= share * as_count(has_enough ? period_ : kMostPeriods * period_);
}

// Streams that still get faster by themselves say nothing of what more of them would bring.
bool StreamControl::is_climbing(const Moment& moment) const {
  return middle_ && rate_between(*middle_, moment) > kClimbing * rate_between(begin_, *middle_);
}

// A queue stands where more comes in than the line carries; another stream would only lengthen it.
bool StreamControl::is_full(const Moment& moment) const {
  return moment.round_trip &&
         as_count(*moment.round_trip - kJitter) > kQueued * as_count(round_trip_);
}

// As far as can be told: the chunk that each stream carries has not arrived.
bool StreamControl::is_enough(const Moment& moment) const {
  const auto arrived = static_cast<double>(moment.bytes - begin_.bytes) +
                       static_cast<double>(moment.streams * limits::chunk_bytes);
  const double seconds = as_count(moment.now - begin_.now) / 1e9;
  return enough_ != 0 && arrived >= kEnough * enough_ * seconds;
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
  if (is_settled_ && !middle_ && is_past(0.5, moment)) {
    middle_ = moment;
  }
  return is_settled_ && is_past(1, moment);
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
  const double rate = rate_between(begin_, moment);
  const double elsewhere = as_count(moment.elsewhere - begin_.elsewhere) /
                           std::max(as_count(moment.now - begin_.now), 1.0) /
                           static_cast<double>(moment.streams);
  const bool needs_none = is_climbing(moment) || is_full(moment) || is_enough(moment);
  begin_ = moment;
  middle_.reset();
  const bool may_pay = !needs_none && elsewhere < kBusyElsewhere;
  if (!should_grow(moment, rate) || !may_pay) {
    return 0;
  }
  before_ = rate;
  is_judging_ = true;
  expected_ = std::min(std::max(moment.streams / 2, kLeastStep), most_ - moment.streams);
  return expected_;
}

}  // namespace cp::transfer
