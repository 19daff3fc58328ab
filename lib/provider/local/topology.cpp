// SPDX-License-Identifier: Apache-2.0
#include "provider/local/topology.hpp"

#include "base/file.hpp"
#include "provider/local/sysfs.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace cp::provider::local {
namespace {

std::set<int> usable_cpus(const std::string& root) {
  const auto online = read_word(path_join(root, "sys/devices/system/cpu/online"));
  const std::set<int> cpus = parse_cpu_list(online.value_or(""));
  const auto status = read_word(path_join(root, "proc/self/status"));
  const auto allowed = status ? field_in(*status, "Cpus_allowed_list") : std::nullopt;
  if (!allowed) {
    return cpus;
  }
  const std::set<int> mask = parse_cpu_list(*allowed);
  std::set<int> both;
  std::ranges::set_intersection(cpus, mask, std::inserter(both, both.end()));
  return both;
}

}  // namespace

std::optional<Topology> topology_by_sysfs(const std::string& root) {
  std::set<std::int64_t> sockets;
  std::set<std::pair<std::int64_t, std::string>> cores;
  Topology found;
  for (const int cpu : usable_cpus(root)) {
    const std::string folder =
        path_join(root, "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology");
    const auto socket = read_integer(path_join(folder, "physical_package_id"));
    // The siblings tell cores apart even where core_id repeats on each die.
    const auto siblings = read_word(path_join(folder, "thread_siblings_list"));
    if (!socket || !siblings) {
      return std::nullopt;
    }
    sockets.insert(*socket);
    cores.emplace(*socket, *siblings);
    ++found.threads;
  }
  found.sockets = static_cast<int>(sockets.size());
  found.cores = static_cast<int>(cores.size());
  return found.threads > 0 ? std::optional(found) : std::nullopt;
}

}  // namespace cp::provider::local
