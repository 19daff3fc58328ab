// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_control.hpp"

#include "catch.hpp"
#include <algorithm>
#include <cmath>
#include <functional>

using namespace cp::transfer;
using namespace std::chrono_literals;

namespace {

// A path on which so many streams carry so many bytes a second, so long after the start.
struct Path {
  std::function<double(std::size_t streams, double seconds)> rate;
  std::chrono::milliseconds round_trip = 100ms;
  std::size_t most = 32;
  std::optional<std::chrono::milliseconds> lately;  // the round trip
  double elsewhere = 0.1;                           // share of the streams' time
  double enough = 0;                                // bytes a second
  std::chrono::milliseconds opening = 300ms;
  std::size_t streams = 8;
  int asked = 0;

  // How many streams there are after TIME, asked every tenth of a second.
  std::size_t run(std::chrono::seconds time) {
    StreamControl control(most, round_trip, cp::SteadyTime{}, enough);
    double bytes = 0;
    double spent = 0;
    std::size_t coming = 0;
    std::chrono::nanoseconds ready{};
    for (std::chrono::nanoseconds now{}; now < time; now += 100ms) {
      const double seconds = std::chrono::duration<double>(now).count();
      bytes += rate(streams, seconds) / 10;
      spent += elsewhere * static_cast<double>(streams) * 1e8;
      if (coming != 0 && now >= ready) {
        streams += std::exchange(coming, 0);
      }
      const StreamControl::Moment moment{
          .now = cp::SteadyTime(now),
          .streams = streams,
          .bytes = static_cast<std::uint64_t>(bytes),
          .elsewhere = std::chrono::nanoseconds(static_cast<std::int64_t>(spent)),
          .round_trip = lately};
      if (control.is_due(moment)) {
        CHECK(coming == 0);
        coming = control.decide(moment);
        ready = now + opening;
        asked += coming != 0 ? 1 : 0;
      }
    }
    return streams;
  }
};

constexpr double kLine = 24e6;

// Each stream carries up to EACH, and all together the line.
auto limited_by_stream(double each) {
  return [each](std::size_t streams, double) {
    return std::min(kLine, each * static_cast<double>(streams));
  };
}

}  // namespace

TEST_CASE("streams that lose what they send get company until the line is full") {
  Path path{.rate = limited_by_stream(1.7e6)};
  CHECK(path.run(8s) >= 15);
}

TEST_CASE("a line that is full gets one trial, and little more") {
  Path path{.rate = limited_by_stream(24e6)};
  CHECK(path.run(60s) == 12);
  CHECK(path.asked == 1);
}

TEST_CASE("a line that was full and falls off gets more") {
  // As with reno: full until the first losses, which each stream makes up for by little a second.
  Path path{.rate = [](std::size_t streams, double seconds) {
    return seconds < 4 ? kLine : std::min(kLine, 0.8e6 * static_cast<double>(streams));
  }};
  CHECK(path.run(4s) == 12);
  Path longer = path;
  longer.streams = 8;
  CHECK(longer.run(60s) == 32);
}

TEST_CASE("what does not wait for the network gets none") {
  Path path{.rate = limited_by_stream(1.7e6), .elsewhere = 0.6};
  CHECK(path.run(20s) == 8);
}

TEST_CASE("streams that still get faster get no company yet") {
  Path path{.rate = [](std::size_t, double seconds) { return 2e6 * std::exp2(seconds); }};
  CHECK(path.run(12s) == 8);
}

TEST_CASE("a line on which much waits gets no more streams") {
  Path path{.rate = limited_by_stream(1.7e6), .lately = 130ms};
  CHECK(path.run(20s) == 8);
  Path empty{.rate = limited_by_stream(1.7e6), .lately = 110ms};
  CHECK(empty.run(20s) > 8);
}

TEST_CASE("a rate that was asked for and is reached gets no more streams") {
  for (const double rate : {5e6, 1e6, 0.1e6}) {
    Path path{.rate = [rate](std::size_t, double) { return rate; }, .enough = rate};
    CHECK(path.run(60s) == 8);
  }
  Path slower{.rate = limited_by_stream(1.7e6), .enough = 20e6};
  CHECK(slower.run(20s) > 8);
}

TEST_CASE("there are never more than the most") {
  Path path{.rate = limited_by_stream(0.1e6), .most = 20};
  CHECK(path.run(60s) == 20);
  Path fixed{.rate = limited_by_stream(0.1e6), .most = 8};
  CHECK(fixed.run(60s) == 8);
  CHECK(fixed.asked == 0);
}

TEST_CASE("a line whose rate swings is not asked for more and more for ever") {
  Path path{.rate =
                [](std::size_t, double seconds) {
                  return static_cast<int>(seconds / 3) % 2 == 0 ? kLine : kLine / 2;
                },
            .most = 1000};
  path.streams = 2;
  path.run(600s);
  CHECK(path.asked < 20);
}

TEST_CASE("streams that cannot be opened are not asked for again") {
  StreamControl control(32, 10ms, cp::SteadyTime{});
  StreamControl::Moment moment{.now = cp::SteadyTime{}, .streams = 2};
  std::size_t wanted = 0;
  for (int i = 0; i < 100 && wanted == 0; ++i) {
    moment.now += 100ms;
    moment.bytes += 2'000'000;
    wanted = control.is_due(moment) ? control.decide(moment) : 0;
  }
  REQUIRE(wanted == 3);
  control.cannot_open();
  for (int i = 0; i < 1000; ++i) {
    moment.now += 100ms;
    moment.bytes += 2'000'000;
    CHECK_FALSE(control.is_due(moment));
  }
}
