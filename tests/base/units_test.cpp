// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include "catch.hpp"
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>

namespace units = cp::units;
using namespace std::chrono_literals;

TEST_CASE("what is no size is refused, with what to write instead") {
  for (const std::string_view text : {"",       " ",
                                      "GB",     "-1GB",
                                      "+1",     "1.2.3GB",
                                      "1 2",    "80XB",
                                      "80GBB",  "80Gi B",
                                      "80GB/s", "nan",
                                      "inf",    "1e400",
                                      "0.5",    "1.0000000001KB",
                                      "16EiB",  "18446744073709551616",
                                      "0x10",   "1e",
                                      "1e+",    "1__0"}) {
    CAPTURE(text);
    const auto bytes = units::parse_bytes(text);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code == cp::Errc::usage);
    CHECK(bytes.error().hint.find("80GB") != std::string::npos);
  }
}

TEST_CASE("a size is the number of bytes that was meant") {
  struct Case {
    std::string_view text;
    std::uint64_t bytes;
  };
  const std::array<Case, 22> cases{{{"0", 0},
                                    {"17", 17},
                                    {"17B", 17},
                                    {"17 bytes", 17},
                                    {"80GB", 80'000'000'000},
                                    {"80 GB", 80'000'000'000},
                                    {" 80GB\n", 80'000'000'000},
                                    {"80GiB", 80ULL << 30U},
                                    {"80G", 80ULL << 30U},
                                    {"512M", 512ULL << 20U},
                                    {"512m", 512ULL << 20U},
                                    {"4g", 4ULL << 30U},
                                    {"4gb", 4'000'000'000},
                                    {"64k", 64ULL << 10U},
                                    {"64Ki", 64ULL << 10U},
                                    {"1.5G", 3ULL << 29U},
                                    {"0.1GB", 100'000'000},
                                    {"1.1PB", 1'100'000'000'000'000},
                                    {"1e9", 1'000'000'000},
                                    {"1E3B", 1000},
                                    {"1EB", 1'000'000'000'000'000'000},
                                    {"15EiB", 15ULL << 60U}}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto bytes = units::parse_bytes(c.text);
    REQUIRE(bytes);
    CHECK(*bytes == c.bytes);
  }
  CHECK(*units::parse_bytes("9007199254740993") == 9007199254740993ULL);
}

TEST_CASE("a size in a flag has a unit") {
  for (const std::string_view text : {"64", " 64", "1e9", "1.5e3"}) {
    CAPTURE(text);
    const auto size = units::parse_size(text);
    REQUIRE_FALSE(size);
    CHECK(size.error().message.find("has no unit") != std::string::npos);
  }
  CHECK(units::parse_size("64").error().hint == "write 64GB, or 64B for bytes");
  CHECK(*units::parse_size("0") == 0);
  CHECK(*units::parse_size("64B") == 64);
  CHECK(*units::parse_size("64G") == 64ULL << 30U);
  CHECK_FALSE(units::parse_size("64XB"));
}

TEST_CASE("a rate is in bits, and a B in it is a byte") {
  for (const std::string_view text :
       {"", "Gbps", "-1Gbps", "1Gbyte", "1GBit", "1e400", "1e308Ebps", "1 G b"}) {
    CAPTURE(text);
    CHECK_FALSE(units::parse_rate_bps(text));
  }
  struct Case {
    std::string_view text;
    double rate;
  };
  const std::array<Case, 9> cases{{{"0", 0},
                                   {"1e9", 1e9},
                                   {"200Gbps", 200e9},
                                   {"200 Gbit/s", 200e9},
                                   {"200Gb/s", 200e9},
                                   {"25GB/s", 200e9},
                                   {"25GBps", 200e9},
                                   {"1Kibps", 1024},
                                   {"100M", 100e6}}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto rate = units::parse_rate_bps(c.text);
    REQUIRE(rate);
    CHECK(*rate == c.rate);
  }
}

TEST_CASE("what is no duration is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "s",
                                      "-1s",
                                      "-1",
                                      "1x",
                                      "1h30",
                                      "30 1h",
                                      "0s5",
                                      "1:2:3:4",
                                      "1-",
                                      "-1:00",
                                      "a:b",
                                      "1:",
                                      ":1",
                                      "1-2-3",
                                      "1h-30m",
                                      "300y",
                                      "1e30",
                                      "293w 292d 107000d",
                                      "1..5h",
                                      "nan",
                                      "9999999999999999999:00"}) {
    CAPTURE(text);
    const auto duration = units::parse_duration(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error().code == cp::Errc::usage);
  }
}

TEST_CASE("a duration is taken as people, Slurm and sleep write it") {
  struct Case {
    std::string_view text;
    std::chrono::nanoseconds duration;
  };
  const std::array<Case, 22> cases{{{"0", 0s},
                                    {"90", 90s},
                                    {"0.5", 500ms},
                                    {"90s", 90s},
                                    {"10m", 10min},
                                    {"10 min", 10min},
                                    {"4h", 4h},
                                    {"4 hours", 4h},
                                    {"7d", 168h},
                                    {"2w", 336h},
                                    {"500ms", 500ms},
                                    {"20us", 20us},
                                    {"3ns", 3ns},
                                    {"1h30m", 90min},
                                    {"1h 30m 5s", 90min + 5s},
                                    {"1.5h", 90min},
                                    {"12:30:00", 12h + 30min},
                                    {"30:00", 30min},
                                    {"1-12:00:00", 36h},
                                    {"1-12:30", 36h + 30min},
                                    {"1-12", 36h},
                                    {"0-0:0:1", 1s}}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto duration = units::parse_duration(c.text);
    REQUIRE(duration);
    CHECK(*duration == c.duration);
  }
}

TEST_CASE("a plain number takes a prefix and no unit") {
  for (const std::string_view text : {"", "T", "1B", "1 s", "-1", "1e308E", "inf"}) {
    CAPTURE(text);
    CHECK_FALSE(units::parse_number(text));
  }
  CHECK(*units::parse_number("989T") == 989e12);
  CHECK(*units::parse_number("1.5 G") == 1.5e9);
  CHECK(*units::parse_number("2e15") == 2e15);
  CHECK(*units::parse_number("4Ki") == 4096);
}

TEST_CASE("amounts are shown with about three digits") {
  CHECK(units::show_bytes(0) == "0 B");
  CHECK(units::show_bytes(17) == "17 B");
  CHECK(units::show_bytes(999.6) == "1 kB");
  CHECK(units::show_bytes(204.7e6) == "205 MB");
  CHECK(units::show_bytes(1.5e9) == "1.5 GB");
  CHECK(units::show_bytes(99.96e9) == "100 GB");
  CHECK(units::show_bytes(1e30) == "1000000000000 EB");
  CHECK(units::show_rate_bps(9.4e9) == "9.4 Gbit/s");
  CHECK(units::show_rate_bps(0.5) == "0.5 bit/s");
}

TEST_CASE("durations are shown in the two units that matter") {
  struct Case {
    std::chrono::nanoseconds duration;
    std::string_view text;
  };
  const std::array<Case, 13> cases{{{0ns, "0 s"},
                                    {999ns, "999 ns"},
                                    {1800ns, "1.8 us"},
                                    {999'600ns, "1 ms"},
                                    {31ms, "31 ms"},
                                    {999'999'999ns, "1 s"},
                                    {1500ms, "1.5 s"},
                                    {59'600ms, "1 m 00 s"},
                                    {61s, "1 m 01 s"},
                                    {3599s, "59 m 59 s"},
                                    {4h + 5min, "4 h 05 m"},
                                    {51h, "2 d 03 h"},
                                    {-5s, "-5 s"}}};
  for (const Case& c : cases) {
    CHECK(units::show_duration(c.duration) == c.text);
  }
}
