// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/text.hpp"
#include "provider/local/devices.hpp"
#include "provider/local/sysfs.hpp"

#include <algorithm>
#include <set>

namespace cp::provider::local {
namespace {

// linux/if_arp.h
constexpr std::int64_t kEthernet = 1;
constexpr std::int64_t kInfiniband = 32;

void add(std::vector<NetworkPort>& ports, const NetworkPort& port) {
  const auto same = std::ranges::find_if(ports, [&port](const NetworkPort& other) {
    return other.type == port.type && other.rate_bps == port.rate_bps && other.rdma == port.rdma;
  });
  if (same != ports.end()) {
    ++same->count;
  } else {
    ports.push_back(port);
  }
}

// "400 Gb/sec (4X NDR)"
std::optional<double> rate_of(const std::string& port) {
  const auto text = read_word(path_join(port, "rate"));
  const auto cut = text ? text::cut(*text, ' ') : std::nullopt;
  const auto gigabits =
      cut && cut->after.starts_with("Gb/sec") ? text::to_double(cut->before) : std::nullopt;
  return gigabits && *gigabits > 0 ? std::optional(*gigabits * 1e9) : std::nullopt;
}

std::string type_of(const std::string& device, const std::string& port) {
  if (read_hex(path_join(device, "device/vendor")) == 0x1d0fU) {
    return "efa";
  }
  return read_word(path_join(port, "link_layer")) == "InfiniBand" ? "infiniband" : "ethernet";
}

bool is_down(const std::string& port) {
  const auto state = read_word(path_join(port, "state"));  // "4: ACTIVE"
  return state && state->find("ACTIVE") == std::string::npos;
}

// Adds the ports of RDMA devices; gives the interfaces that stand on the same devices.
std::set<std::string> add_rdma(const std::string& root, std::vector<NetworkPort>& ports) {
  std::set<std::string> interfaces;
  const std::string folder = path_join(root, "sys/class/infiniband");
  for (const std::string& name : names_in(folder)) {
    const std::string device = path_join(folder, name);
    for (const std::string& number : names_in(path_join(device, "ports"))) {
      const std::string port = path_join(device, "ports/" + number);
      if (!is_down(port)) {
        add(ports, {type_of(device, port), rate_of(port), true, 1});
      }
    }
    for (std::string& interface : names_in(path_join(device, "device/net"))) {
      interfaces.insert(std::move(interface));
    }
  }
  return interfaces;
}

}  // namespace

std::vector<NetworkPort> read_network(const std::string& root) {
  std::vector<NetworkPort> ports;
  const std::set<std::string> counted = add_rdma(root, ports);
  const std::string folder = path_join(root, "sys/class/net");
  for (const std::string& name : names_in(folder)) {
    const std::string interface = path_join(folder, name);
    const auto type = read_integer(path_join(interface, "type"));
    const bool has_device = !names_in(path_join(interface, "device")).empty();
    const bool is_up = read_word(path_join(interface, "operstate")).value_or("up") != "down";
    if (counted.contains(name) || !has_device || !is_up ||
        (type != kEthernet && type != kInfiniband)) {
      continue;
    }
    const auto megabits = read_integer(path_join(interface, "speed"));  // -1: not known
    const auto rate = megabits && *megabits > 0
                          ? std::optional(static_cast<double>(*megabits) * 1e6)
                          : std::nullopt;
    add(ports, {type == kEthernet ? "ethernet" : "infiniband", rate, false, 1});
  }
  return ports;
}

}  // namespace cp::provider::local
