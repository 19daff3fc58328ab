// SPDX-License-Identifier: Apache-2.0
#include "provider/local/load.hpp"
#include "provider/local/processor.hpp"
#include "provider/local/sysfs.hpp"
#include "provider/local/topology.hpp"
#include "recorded_machine.hpp"

#include "catch.hpp"
#include <cmath>

using namespace cp::provider::local;

TEST_CASE("lists of CPUs are read whole or not at all") {
  CHECK(parse_cpu_list("0-3,8,10-11") == std::set<int>{0, 1, 2, 3, 8, 10, 11});
  CHECK(parse_cpu_list("5") == std::set<int>{5});
  for (const char* text : {"", "a", "1-", "-1", "0-99999999", "0,,1", "0x1"}) {
    CAPTURE(text);
    CHECK(parse_cpu_list(text).empty());
  }
}

TEST_CASE("a machine that tells nothing is not described by guesses") {
  const RecordedMachine machine;
  const Processor processor = read_processor(machine.root(), "riscv64");
  CHECK_FALSE(processor.vendor);
  CHECK_FALSE(processor.model);
  CHECK_FALSE(processor.clock_hz);
  CHECK_FALSE(processor.flops_per_cycle);
  CHECK_FALSE(topology_by_sysfs(machine.root()));
  CHECK_FALSE(read_runnable(machine.root()));
  CHECK_FALSE(read_memory(machine.root()).total_bytes);
}

TEST_CASE("sockets, cores and threads are counted among the CPUs that we may use") {
  const RecordedMachine machine;
  machine.add_cpus(2, 4, 2);
  auto topology = topology_by_sysfs(machine.root());
  REQUIRE(topology);
  CHECK(topology->sockets == 2);
  CHECK(topology->cores == 8);
  CHECK(topology->threads == 16);
  machine.write("proc/self/status", "Name:\tcpid\nCpus_allowed_list:\t0-3");
  topology = topology_by_sysfs(machine.root());
  CHECK(topology->sockets == 1);
  CHECK(topology->cores == 2);
  CHECK(topology->threads == 4);
}

TEST_CASE("processors are named, clocked and rated as their vendors say") {
  struct Row {
    const char* cpuinfo;
    const char* arch;
    const char* vendor;
    const char* model;
    double clock_hz;
    int flops;
  };
  for (const Row& row : {
           Row{"vendor_id: GenuineIntel\ncpu family: 6\nmodel: 143\n"
               "model name: Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz\nflags: fma avx2 avx512f",
               "x86_64", "intel", "Xeon Platinum 8480+", 2.0e9, 32},
           // Only some of this family have the second unit.
           Row{"vendor_id: GenuineIntel\ncpu family: 6\nmodel: 85\n"
               "model name: Intel(R) Xeon(R) Silver 4114 CPU @ 2.20GHz\nflags: fma avx2 avx512f",
               "x86_64", "intel", "Xeon Silver 4114", 2.2e9, 0},
           Row{"vendor_id: AuthenticAMD\ncpu family: 25\nmodel: 1\n"
               "model name: AMD EPYC 7763 64-Core Processor\ncpu MHz: 2445.4\n"
               "flags: fma avx2 hypervisor",
               "x86_64", "amd", "EPYC 7763", 2445.4e6, 16},
           Row{"vendor_id: AuthenticAMD\ncpu family: 25\nmodel: 17\n"
               "model name: AMD EPYC 9654 96-Core Processor\ncpu MHz: 2400\n"
               "flags: fma avx2 avx512f hypervisor",
               "x86_64", "amd", "EPYC 9654", 2400e6, 16},
           Row{"vendor_id: AuthenticAMD\ncpu family: 23\nmodel: 1\n"
               "model name: AMD EPYC 7601 32-Core Processor\ncpu MHz: 1199.9\nflags: fma avx2",
               "x86_64", "amd", "EPYC 7601", 0, 0},
           Row{"CPU implementer: 0x41\nCPU part: 0xd4f\nFeatures: fp asimd sve", "aarch64", "arm",
               "Neoverse-V2", 0, 16},
           Row{"CPU implementer: 0x48\nCPU part: 0xd01", "aarch64", "hisilicon", "Kunpeng 920", 0,
               0},
       }) {
    const RecordedMachine machine;
    machine.write("proc/cpuinfo", row.cpuinfo);
    const Processor processor = read_processor(machine.root(), row.arch);
    CAPTURE(row.cpuinfo);
    CHECK(processor.vendor == row.vendor);
    CHECK(processor.model == row.model);
    CHECK(std::abs(processor.clock_hz.value_or(0) - row.clock_hz) < 1);
    CHECK(processor.flops_per_cycle.value_or(0) == row.flops);
    CHECK(processor.flops_source.empty() == (row.flops == 0));
  }
}

TEST_CASE("the driver's base clock comes before the name's and the highest one") {
  const RecordedMachine machine;
  machine.write("proc/cpuinfo", "vendor_id: GenuineIntel\ncpu MHz: 3700.1");
  CHECK_FALSE(read_processor(machine.root(), "x86_64").clock_hz);
  machine.write("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3800000");
  CHECK(read_processor(machine.root(), "x86_64").clock_hz == 3.8e9);
  machine.write("sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2000000");
  CHECK(read_processor(machine.root(), "x86_64").clock_hz == 2.0e9);
}

TEST_CASE("the run queue counts others than us") {
  const RecordedMachine machine;
  machine.write("proc/loadavg", "9.99 5.00 1.00 1/80 11206");
  CHECK(read_runnable(machine.root()) == 0);
  machine.write("proc/loadavg", "0.00 0.00 0.00 6/80 11206");
  CHECK(read_runnable(machine.root()) == 5);
  machine.write("proc/loadavg", "0.00 0.00");
  CHECK_FALSE(read_runnable(machine.root()));
}

TEST_CASE("memory is what our control group may have") {
  const RecordedMachine machine;
  machine.write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable: 800 kB");
  CHECK(read_memory(machine.root()).total_bytes == 1'024'000U);
  CHECK(read_memory(machine.root()).available_bytes == 819'200U);
  machine.write("proc/self/cgroup", "1:cpu:/\n0::/job");
  machine.write("sys/fs/cgroup/job/memory.max", "max");
  CHECK(read_memory(machine.root()).total_bytes == 1'024'000U);
  machine.write("sys/fs/cgroup/job/memory.max", "512000");
  machine.write("sys/fs/cgroup/job/memory.current", "500000");
  CHECK(read_memory(machine.root()).total_bytes == 512'000U);
  CHECK(read_memory(machine.root()).available_bytes == 12'000U);
}
