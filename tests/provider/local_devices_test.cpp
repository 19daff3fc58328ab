// SPDX-License-Identifier: Apache-2.0
#include "provider/local/devices.hpp"
#include "recorded_machine.hpp"

#include "catch.hpp"

using namespace cp::provider::local;

TEST_CASE("a machine without devices has none, and nothing is made up") {
  const RecordedMachine machine;
  CHECK(read_accelerators(machine.root()).empty());
  CHECK(read_network(machine.root()).empty());
}

TEST_CASE("what is no accelerator is not counted") {
  const RecordedMachine machine;
  machine.add_pci("0000:00:02.0", "0x030000", "0x8086", "0x9bc5");  // integrated graphics
  machine.add_pci("0000:03:00.0", "0x030000", "0x1a03", "0x2000");  // a server's console
  machine.add_pci("0000:04:00.0", "0x030000", "0x1234", "0x1111");  // a virtual machine's screen
  machine.add_pci("0000:05:00.0", "0x010802", "0x10de", "0x1234");  // not even a display
  machine.add_pci("0000:06:00.0", "no class", "0x10de", "0x2330");
  CHECK(read_accelerators(machine.root()).empty());
}

TEST_CASE("accelerators of any vendor are found by class, and counted by kind") {
  const RecordedMachine machine;
  for (const std::string bus : {"18", "2a", "3a", "5d"}) {
    machine.add_pci("0000:" + bus + ":00.0", "0x030200", "0x10de", "0x2330");
    machine.write("proc/driver/nvidia/gpus/0000:" + bus + ":00.0/information",
                  "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 18");
  }
  machine.add_pci("0000:81:00.0", "0x038000", "0x1002", "0x740c");
  machine.write("sys/bus/pci/devices/0000:81:00.0/mem_info_vram_total", "68702699520");
  machine.add_pci("0000:c1:00.0", "0x120000", "0x19e5", "0xd802");
  machine.add_pci("0000:c2:00.0", "0x120000", "0xabcd", "0x0001");
  const auto found = read_accelerators(machine.root());
  REQUIRE(found.size() == 4);
  CHECK(found[0].vendor == "nvidia");
  CHECK(found[0].native_name == "NVIDIA H100 80GB HBM3");
  CHECK(found[0].count == 4);
  CHECK_FALSE(found[0].memory_bytes);
  CHECK(found[1].vendor == "amd");
  CHECK(found[1].memory_bytes == 68'702'699'520U);
  CHECK(found[2].vendor == "huawei");
  CHECK(found[2].native_name == "19e5:d802");
  CHECK(found[3].vendor == "pci-abcd");
}

TEST_CASE("a virtual function counts with its device") {
  const RecordedMachine machine;
  machine.add_pci("0000:81:00.0", "0x030200", "0x10de", "0x2330");
  machine.add_pci("0000:81:00.1", "0x030200", "0x10de", "0x2330");
  machine.write("sys/bus/pci/devices/0000:81:00.1/physfn/class", "0x030200");
  REQUIRE(read_accelerators(machine.root()).size() == 1);
  CHECK(read_accelerators(machine.root())[0].count == 1);
}

TEST_CASE("a job gets no cards that the machine has not, and those that it may have") {
  const std::vector<Accelerator> none;
  std::vector<Accelerator> some(1);
  some[0] = {"nvidia", "NVIDIA H100 80GB HBM3", 4, std::nullopt};
  cp::model::JobResources wanted;
  wanted.gpus = 4;
  CHECK_FALSE(has_cards(none, wanted));
  CHECK(has_cards(some, wanted));
  wanted.gpu_models = {"A100"};
  CHECK_FALSE(has_cards(some, wanted));
  wanted.gpu_models = {"A100", "H100"};
  CHECK(has_cards(some, wanted));
  wanted.gpu_vendor = "amd";
  CHECK_FALSE(has_cards(some, wanted));
  wanted.gpu_vendor = "nvidia";
  wanted.gpus = 5;
  CHECK_FALSE(has_cards(some, wanted));
  wanted.gpus = 1;
  wanted.gpu_memory_bytes = 80'000'000'000;
  CHECK(has_cards(some, wanted));
  some[0].memory_bytes = 40'000'000'000;
  CHECK_FALSE(has_cards(some, wanted));
  some[0] = {"pci-1e52", "1e52:0001", 1, std::nullopt};
  CHECK(has_cards(some, wanted));
}

TEST_CASE("interfaces without a device behind them are not ports") {
  const RecordedMachine machine;
  machine.write("sys/class/net/lo/type", "772");
  machine.write("sys/class/net/docker0/type", "1");
  machine.write("sys/class/net/docker0/speed", "10000");
  CHECK(read_network(machine.root()).empty());
}

TEST_CASE("ports are counted by kind, with their rate where it is known") {
  const RecordedMachine machine;
  for (const std::string name : {"eth0", "eth1", "virt0", "down0", "roce0"}) {
    machine.write("sys/class/net/" + name + "/type", "1");
    machine.write("sys/class/net/" + name + "/device/vendor", "0x8086");
    machine.write("sys/class/net/" + name + "/operstate", name == "down0" ? "down" : "up");
    machine.write("sys/class/net/" + name + "/speed", name == "virt0" ? "-1" : "25000");
  }
  for (int i = 0; i < 8; ++i) {
    const std::string device = "sys/class/infiniband/mlx5_" + std::to_string(i);
    machine.write(device + "/ports/1/rate", "400 Gb/sec (4X NDR)");
    machine.write(device + "/ports/1/state", i == 7 ? "1: DOWN" : "4: ACTIVE");
    machine.write(device + "/ports/1/link_layer", "InfiniBand");
  }
  machine.write("sys/class/infiniband/rocep1/ports/1/rate", "100 Gb/sec (4X EDR)");
  machine.write("sys/class/infiniband/rocep1/ports/1/state", "4: ACTIVE");
  machine.write("sys/class/infiniband/rocep1/ports/1/link_layer", "Ethernet");
  machine.write("sys/class/infiniband/rocep1/device/net/roce0/type", "1");
  machine.write("sys/class/infiniband/efa_0/ports/1/rate", "100 Gb/sec (4X EDR)");
  machine.write("sys/class/infiniband/efa_0/device/vendor", "0x1d0f");
  const auto ports = read_network(machine.root());
  REQUIRE(ports.size() == 5);
  const auto is = [&ports](std::size_t i, const char* type, std::optional<double> rate, bool rdma,
                           int count) {
    CAPTURE(i);
    CHECK(ports[i].type == type);
    CHECK(ports[i].rate_bps == rate);
    CHECK(ports[i].rdma == rdma);
    CHECK(ports[i].count == count);
  };
  is(0, "efa", 100e9, true, 1);
  is(1, "infiniband", 400e9, true, 7);
  is(2, "ethernet", 100e9, true, 1);
  is(3, "ethernet", 25e9, false, 2);
  is(4, "ethernet", std::nullopt, false, 1);
}
