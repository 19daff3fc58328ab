// SPDX-License-Identifier: Apache-2.0
#include "transfer/bench.hpp"

#include "model/json.hpp"
#include "transfer/bench_record.hpp"
#include "transfer/limits.hpp"
#include "transfer/scratch.hpp"
#include "transfer/stage_bench.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <cmath>
#include <filesystem>

using namespace cp::transfer;
using cp::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A second's effort of one stream.
Effort effort_of(std::uint64_t bytes, milliseconds cpu = milliseconds(100)) {
  return {.bytes = bytes, .elapsed = seconds(1), .cpu = cpu};
}

VerdictParts parts_with(milliseconds cpu, milliseconds far_cpu) {
  return {.figure = {.effort = effort_of(1000, cpu), .streams = 2, .far_cpu = far_cpu}, .cores = 8};
}

class Collected final : public BenchEvents {
 public:
  void begins(std::string_view /*what*/) override {}
  void measured(const cp::model::Json& record) override { records.push_back(record); }
  void failed(const cp::Error& error, std::string_view what) override {
    failures.push_back(std::string(what) + ": " + error.message);
  }
  std::vector<cp::model::Json> records;
  std::vector<std::string> failures;
};

}  // namespace

TEST_CASE("what the other end says of a measurement is believed only as far as it can be") {
  const Effort seen = effort_of(1000);
  CHECK(check_claim({.bytes = 1000, .cpu_ns = 0}, seen, 2, seconds(1)));
  CHECK(check_claim({.bytes = 1000, .cpu_ns = 4'000'000'000}, seen, 2, seconds(1)));
  CHECK_FALSE(check_claim({.bytes = 1000, .cpu_ns = 4'000'000'001}, seen, 2, seconds(1)));
  CHECK_FALSE(check_claim({.bytes = 1000, .cpu_ns = UINT64_MAX}, seen, 2, seconds(1)));
  CHECK_FALSE(check_claim({.bytes = 1001, .cpu_ns = 0}, seen, 2, seconds(1)));
  CHECK_FALSE(check_claim({.bytes = 0, .cpu_ns = 0}, seen, 2, seconds(1)));
}

TEST_CASE("a direction is held up by what is slowest in it") {
  using enum Direction;
  VerdictParts idle = parts_with(milliseconds(200), milliseconds(200));
  CHECK(verdict_of(idle, push) == "network");
  idle.by_ssh = true;
  CHECK(verdict_of(idle, push) == "ssh");
  CHECK(verdict_of(parts_with(milliseconds(1800), milliseconds(0)), push) == "cpu");
  CHECK(verdict_of(parts_with(milliseconds(0), milliseconds(1800)), push) == "cpu");

  VerdictParts here = parts_with(milliseconds(900), milliseconds(900));
  CHECK(verdict_of(here, push) == "network");
  here.is_here = true;
  here.cores = 2;
  CHECK(verdict_of(here, push) == "cpu");

  here.bytes_per_second = 1100;
  CHECK(verdict_of(here, push) == "rate-limit");
  here.bytes_per_second = 2000;
  CHECK(verdict_of(here, push) == "cpu");

  here.disk = effort_of(999);
  CHECK(verdict_of(here, push) == "source-disk");
  CHECK(verdict_of(here, pull) == "destination-disk");
  CHECK(verdict_record("", {}, here).at("rate_bps") == 999 * 8);
  here.disk = effort_of(1001);
  CHECK(verdict_of(here, push) == "cpu");
  CHECK(verdict_record("", {}, here).at("rate_bps") == 1000 * 8);
}

TEST_CASE("an effort of nothing has no rate and costs nothing") {
  CHECK(Effort{}.bits_per_second() == 0);
  CHECK(Effort{}.cpu_per_gigabyte() == 0);
  CHECK(effort_of(1'000'000'000).bits_per_second() == 8e9);
  CHECK(std::abs(effort_of(500'000'000).cpu_per_gigabyte() - 0.2) < 1e-9);
}

TEST_CASE("a host is named as for a transfer, or by its name alone") {
  CHECK(parse_bench_host("far")->server() == "far");
  CHECK(parse_bench_host("me@far:dir")->server() == "me@far");
  CHECK(parse_bench_host("[::1]")->kind == Place::ssh);
  CHECK(parse_bench_host("cpx://far/in")->path == "/in");
  for (const char* wrong :
       {"", "-", ".", "./far", "a/b", "-oProxyCommand=x", "https://x/", "cpx://"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_bench_host(wrong));
  }
}

TEST_CASE("a disk is measured by files that are gone again") {
  const Scratch scratch;
  CHECK(DiskBench::open(scratch.at("none"), 2).error().code == Errc::not_found);
  scratch.write("file", "");
  CHECK_FALSE(DiskBench::open(scratch.at("file"), 2));
  auto disk = DiskBench::open(scratch.path(), 2);
  REQUIRE(disk);
  const StageTime time{.threads = 2, .duration = milliseconds(20)};
  const auto written = disk->write(time);
  REQUIRE(written);
  CHECK(written->bytes >= 2 << 20);
  const auto read = disk->read({.threads = 2, .duration = seconds(60)});
  REQUIRE(read);
  CHECK(read->bytes == written->bytes);
  CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);
}

TEST_CASE("both ends in one process measure one another") {
  for (const bool seals : {false, true}) {
    BenchRequest request;
    request.way.rail = RailChoice::tcp;
    request.way.seals_always = seals;
    request.time = milliseconds(30);
    Collected events;
    REQUIRE(bench(request, events, {}));
    CHECK(events.failures.empty());
    REQUIRE(events.records.size() == 7);
    for (const auto& record : events.records) {
      CAPTURE(cp::model::to_line(record));
      CHECK(record.at("schema") == "cp.bench/1");
      CHECK(record.at("rate_bps") > 0);
    }
    for (const std::size_t i : {0U, 1U}) {
      CHECK(events.records[i].at("encrypted") == seals);
      CHECK(events.records[i].at("bytes") > 0);
    }
    CHECK(events.records[5].at("stage") == "verdict");
  }
}

TEST_CASE("a measurement that was interrupted has no figure") {
  BenchRequest request;
  request.way.rail = RailChoice::tcp;
  request.time = limits::measuring_time;
  std::stop_source stop;
  class Interrupting final : public BenchEvents {
   public:
    explicit Interrupting(std::stop_source& stop) : stop_(stop) {}
    void begins(std::string_view /*what*/) override { stop_.request_stop(); }
    void measured(const cp::model::Json& /*record*/) override { FAIL("nothing was measured"); }
    void failed(const cp::Error& /*error*/, std::string_view /*what*/) override {}

   private:
    std::stop_source& stop_;
  } events(stop);
  const auto done = bench(request, events, stop.get_token());
  REQUIRE_FALSE(done);
}
