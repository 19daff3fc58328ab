// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include "catch.hpp"
#include <array>
#include <string_view>
#include <utility>

using namespace std::string_view_literals;
using namespace std::chrono_literals;

TEST_CASE("what RFC 3339 does not write is no time") {
  for (const auto text : {""sv,
                          "2026-11-22"sv,
                          "2026-11-22T08:00:00"sv,
                          "2026-11-22T08:00Z"sv,
                          "2026-11-22 08:00:00 Z"sv,
                          "2026-13-01T00:00:00Z"sv,
                          "2026-00-01T00:00:00Z"sv,
                          "2026-02-29T00:00:00Z"sv,
                          "2026-04-31T00:00:00Z"sv,
                          "2026-11-22T24:00:00Z"sv,
                          "2026-11-22T08:60:00Z"sv,
                          "2026-11-22T08:00:61Z"sv,
                          "2026-11-22T08:00:00.Z"sv,
                          "2026-11-22T08:00:00.1234567890Z"sv,
                          "2026-11-22T08:00:00+24:00"sv,
                          "2026-11-22T08:00:00+08"sv,
                          "2026-11-22T08:00:00+0800"sv,
                          "2026-11-22T08:00:00+08:60"sv,
                          "2026-11-22T08:00:00ZZ"sv,
                          "2026-11-22T08:00:00Z "sv,
                          " 2026-11-22T08:00:00Z"sv,
                          "2026/11/22T08:00:00Z"sv,
                          "20261122T080000Z"sv,
                          "-026-11-22T08:00:00Z"sv,
                          "+026-11-22T08:00:00Z"sv,
                          "1677-12-31T00:00:00Z"sv,
                          "2262-01-01T00:00:00Z"sv,
                          "2026-11-22T0 :00:00Z"sv,
                          "2026-11-22T08:00:00\0"sv}) {
    CAPTURE(text);
    const auto time = cp::parse_time(text);
    REQUIRE_FALSE(time);
    CHECK(time.error().code == cp::Errc::bad_data);
  }
}

TEST_CASE("a time is the same instant however it is written") {
  const std::array<std::pair<std::string_view, std::string_view>, 12> cases{
      {{"2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z"},
       {"2026-11-22t08:00:00z", "2026-11-22T08:00:00Z"},
       {"2026-11-22 08:00:00Z", "2026-11-22T08:00:00Z"},
       {"2026-11-22T16:00:00+08:00", "2026-11-22T08:00:00Z"},
       {"2026-11-21T23:30:00-08:30", "2026-11-22T08:00:00Z"},
       {"2024-02-29T23:59:60Z", "2024-03-01T00:00:00Z"},
       {"1970-01-01T00:00:00.000000001Z", "1970-01-01T00:00:00.000000001Z"},
       {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
       {"2026-11-22T08:00:00.120Z", "2026-11-22T08:00:00.120Z"},
       {"2026-11-22T08:00:00.000120Z", "2026-11-22T08:00:00.000120Z"},
       {"1678-01-01T00:00:00+23:59", "1677-12-31T00:01:00Z"},
       {"2261-12-31T23:59:60-23:59", "2262-01-01T23:59:00Z"}}};
  for (const auto& [text, shown] : cases) {
    CAPTURE(text);
    const auto time = cp::parse_time(text);
    REQUIRE(time);
    CHECK(cp::format_time(*time) == shown);
  }
}

TEST_CASE("milliseconds are rounded down, also before 1970") {
  CHECK(cp::unix_milliseconds(cp::UnixTime{1'999'999ns}) == 1);
  CHECK(cp::unix_milliseconds(cp::UnixTime{-1ns}) == -1);
}

TEST_CASE("the steady clock of the machine does not go back") {
  const cp::SystemClock clock;
  const cp::SteadyTime first = clock.steady();
  CHECK(clock.steady() >= first);
  CHECK(clock.now() > cp::UnixTime{} + 24h * 365 * 50);
}
