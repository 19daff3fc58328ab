// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace cp::provider::local {

/// How many processors there are that we may run on.
struct Topology {
  int sockets = 0;
  int cores = 0;
  int threads = 0;
};

/// What hwloc finds on this very machine; nullopt when libhwloc is not installed. It is opened when
/// this is called and costs a few milliseconds; programs that never ask do not pay for it.
std::optional<Topology> topology_by_hwloc();

/// What sysfs below ROOT says: quick, enough for a query. The CPUs are those that are online and,
/// where /proc/self/status says which, that we may run on.
std::optional<Topology> topology_by_sysfs(const std::string& root);

}  // namespace cp::provider::local
