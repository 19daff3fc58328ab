// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/jobspec.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cp::provider::local {

/// Accelerators of one kind.
struct Accelerator {
  std::string vendor;  ///< "nvidia", or "pci-1e52" where the vendor is not known by name
  /// What the driver calls it, else "VENDOR:DEVICE" of PCI; never a name of the canonical table.
  std::string native_name;
  int count = 1;
  std::optional<std::uint64_t> memory_bytes;  ///< of one
};

/// The accelerators of the machine whose /proc and /sys lie below ROOT, of any vendor, by PCI class
/// and vendor; names and memory where a driver tells them.
std::vector<Accelerator> read_accelerators(const std::string& root);

/// failed, with the reason, when a machine that has FOUND cannot give a node of WANTED its cards.
/// What nobody knows of a card (its product, its memory) does not speak against it.
Result<void> has_cards(std::span<const Accelerator> found, const model::JobResources& wanted);

/// Network ports of one kind.
struct NetworkPort {
  std::string type;  ///< "ethernet", "infiniband", "efa"
  std::optional<double> rate_bps;
  bool rdma = false;
  int count = 1;
};

/// The ports of RDMA devices, and the network interfaces that a device stands behind (no bridges,
/// tunnels or loopback). A port that is both counts once, as RDMA.
std::vector<NetworkPort> read_network(const std::string& root);

}  // namespace cp::provider::local
