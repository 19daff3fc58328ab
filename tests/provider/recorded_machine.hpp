// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/file.hpp"
#include "temporary_directory.hpp"

#include <filesystem>
#include <string>

/// A directory that looks like / as far as a test writes it: /proc and /sys of some machine.
class RecordedMachine {
 public:
  const std::string& root() const { return directory_.path(); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path full = directory_.path() + "/" + path;
    std::filesystem::create_directories(full.parent_path());
    if (!cp::write_file(full, text + "\n", 0644)) {
      std::abort();
    }
  }

  /// SOCKETS of CORES cores of THREADS threads each.
  void add_cpus(int sockets, int cores, int threads) const {
    int cpu = 0;
    for (int socket = 0; socket < sockets; ++socket) {
      for (int core = 0; core < cores; ++core) {
        const int first = cpu;
        for (int thread = 0; thread < threads; ++thread, ++cpu) {
          const std::string folder =
              "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
          write(folder + "physical_package_id", std::to_string(socket));
          write(folder + "thread_siblings_list",
                std::to_string(first) + "-" + std::to_string(first + threads - 1));
        }
      }
    }
    write("sys/devices/system/cpu/online", "0-" + std::to_string(cpu - 1));
  }

  void add_pci(const std::string& address, const std::string& device_class,
               const std::string& vendor, const std::string& device) const {
    const std::string folder = "sys/bus/pci/devices/" + address + "/";
    write(folder + "class", device_class);
    write(folder + "vendor", vendor);
    write(folder + "device", device);
  }

 private:
  TemporaryDirectory directory_;
};
