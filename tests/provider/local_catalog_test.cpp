// SPDX-License-Identifier: Apache-2.0
#include "fixed_clock.hpp"
#include "model/json.hpp"
#include "provider/local/catalog.hpp"
#include "provider/local/topology.hpp"
#include "recorded_machine.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::model::Json;
using cp::provider::make_local_catalog;

namespace {

void record_server(const RecordedMachine& machine) {
  machine.add_cpus(2, 56, 2);
  machine.write("proc/cpuinfo",
                "vendor_id: GenuineIntel\ncpu family: 6\nmodel: 143\n"
                "model name: Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz\nflags: avx512f");
  machine.write("proc/meminfo", "MemTotal: 2147483648 kB\nMemAvailable: 1000000000 kB");
  machine.write("proc/loadavg", "0.1 0.1 0.1 13/900 1");
  machine.write("proc/sys/kernel/hostname", "node042");
}

}  // namespace

TEST_CASE("a catalog that was told to stop says so") {
  const FixedClock clock("2026-11-22T08:00:00Z");
  const auto catalog = make_local_catalog({}, clock);
  std::stop_source stop;
  stop.request_stop();
  CHECK(catalog->describe(stop.get_token()).error().code == cp::Errc::timed_out);
  CHECK(catalog->state({}, stop.get_token()).error().code == cp::Errc::timed_out);
}

TEST_CASE("the state of a machine that tells nothing is unavailable, not zero") {
  const FixedClock clock("2026-11-22T08:00:00Z");
  const RecordedMachine machine;
  const auto catalog = make_local_catalog({.root = machine.root()}, clock);
  CHECK(catalog->state({}, {}).error().code == cp::Errc::unavailable);
  const Json record = catalog->describe({}).value().front();
  CHECK_FALSE(record["node"].contains("memory_bytes"));
  CHECK_FALSE(record["node"]["cpu"].contains("cores"));
  CHECK_FALSE(record.contains("performance"));
}

TEST_CASE("a server is described with what its sysfs says, and its figures are nominal") {
  const FixedClock clock("2026-11-22T08:00:00.5Z");
  const RecordedMachine machine;
  record_server(machine);
  const auto catalog =
      make_local_catalog({.root = machine.root(), .workdir = machine.root()}, clock);
  const Json record = catalog->describe({}).value().front();
  CHECK(record["schema"] == "cp.resource/1");
  CHECK(record["kind"] == "node");
  CHECK(record["name"] == "node042");
  CHECK(record["nodes"] == 1);
  const Json& cpu = record["node"]["cpu"];
  CHECK(cpu["vendor"] == "intel");
  CHECK(cpu["model"] == "Xeon Platinum 8480+");
  CHECK(cpu["sockets"] == 2);
  CHECK(cpu["cores"] == 112);
  CHECK(cpu["threads"] == 224);
  CHECK(cpu["clock_hz"] == 2'000'000'000);
  CHECK(record["node"]["memory_bytes"] == 2'199'023'255'552);
  CHECK(record["node"]["disk_bytes"].get<double>() > 0);
  CHECK(record["node"]["accelerators"].empty());
  const Json& figure = record["performance"][0];
  CHECK(figure["basis"] == "nominal");
  CHECK(figure["format"] == "fp64");
  CHECK(figure["value"] == 7'168'000'000'000);  // 112 cores, 2 GHz, 32 a cycle
  CHECK(figure["source"] ==
        "112 cores x 2 GHz x 32 FLOP a cycle: AVX-512, two FMA units (Sapphire Rapids)");
  CHECK(record["access"] ==
        Json::array({{{"role", "launch"}, {"url", "local:"}, {"workdir", machine.root()}}}));
}

TEST_CASE("free is what runnable threads leave") {
  FixedClock clock("2026-11-22T08:30:05Z");
  const RecordedMachine machine;
  record_server(machine);
  const auto catalog = make_local_catalog({.root = machine.root()}, clock);
  Json state = catalog->state({}, {}).value();
  CHECK(state["schema"] == "cp.state/1");
  CHECK(state["observed_at"] == "2026-11-22T08:30:05Z");
  CHECK(state["seq"] == 1'795'336'205'000);
  CHECK(state["valid_for_s"].get<int>() <= 3600);
  CHECK(state["cores"] == Json{{"total", 112}, {"free", 100}});
  CHECK(state["nodes"]["free"] == 0);
  CHECK(state["cards"] == Json{{"total", 0}, {"free", 0}});
  CHECK(state["shapes"] ==
        Json::array(
            {{{"nodes", 1}, {"cards", 0}, {"cores", 100}, {"memory_bytes", 1'024'000'000'000}}}));
  machine.write("proc/loadavg", "0.1 0.1 0.1 1/900 1");
  CHECK(catalog->state({}, {}).value()["nodes"]["free"] == 1);
  machine.write("proc/loadavg", "0.1 0.1 0.1 500/900 1");
  CHECK(catalog->state({}, {}).value()["cores"]["free"] == 0);
}

TEST_CASE("where cards are, how many are free is unknown, not all") {
  const FixedClock clock("2026-11-22T08:00:00Z");
  const RecordedMachine machine;
  record_server(machine);
  machine.add_pci("0000:18:00.0", "0x030200", "0x10de", "0x2330");
  const Json state = make_local_catalog({.root = machine.root()}, clock)->state({}, {}).value();
  CHECK(state["cards"] == Json{{"total", 1}});
  CHECK_FALSE(state["shapes"][0].contains("cards"));
}

TEST_CASE("this machine is described, and its state counts the same cores") {
  const cp::SystemClock clock;
  const auto catalog = make_local_catalog({}, clock);
  const Json record = catalog->describe({}).value().front();
  const Json state = catalog->state({}, {}).value();
  CHECK(record["node"]["cpu"]["cores"] == state["cores"]["total"]);
  CHECK(state["cores"]["free"].get<int>() <= state["cores"]["total"].get<int>());
  CHECK(record["node"]["memory_bytes"].get<double>() > 1e6);
}

TEST_CASE("hwloc and sysfs count the same processors") {
  const auto by_hwloc = cp::provider::local::topology_by_hwloc();
  const auto by_sysfs = cp::provider::local::topology_by_sysfs("/");
  REQUIRE(by_sysfs);
  REQUIRE(by_hwloc);  // libhwloc-dev, which the build needs, brings the library
  CHECK(by_hwloc->sockets == by_sysfs->sockets);
  CHECK(by_hwloc->cores == by_sysfs->cores);
  CHECK(by_hwloc->threads == by_sysfs->threads);
}
