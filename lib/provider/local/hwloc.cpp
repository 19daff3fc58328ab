// SPDX-License-Identifier: Apache-2.0
#include "provider/local/topology.hpp"

#include <hwloc.h>

#include <dlfcn.h>
#include <memory>

namespace cp::provider::local {
namespace {

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

// The functions of libhwloc that are used here. Linked in, the library costs each start 0.5 ms, and
// libudev comes with it.
struct Functions {
  decltype(&hwloc_topology_init) init = nullptr;
  decltype(&hwloc_topology_set_all_types_filter) filter_all = nullptr;
  decltype(&hwloc_topology_set_type_filter) filter = nullptr;
  decltype(&hwloc_topology_load) load = nullptr;
  decltype(&hwloc_topology_destroy) destroy = nullptr;
  decltype(&hwloc_get_type_depth) depth = nullptr;
  decltype(&hwloc_get_nbobjs_by_depth) count = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, Functions& to) {
  return find(library, "hwloc_topology_init", to.init) &&
         find(library, "hwloc_topology_set_all_types_filter", to.filter_all) &&
         find(library, "hwloc_topology_set_type_filter", to.filter) &&
         find(library, "hwloc_topology_load", to.load) &&
         find(library, "hwloc_topology_destroy", to.destroy) &&
         find(library, "hwloc_get_type_depth", to.depth) &&
         find(library, "hwloc_get_nbobjs_by_depth", to.count);
}

struct Destroy {
  decltype(&hwloc_topology_destroy) destroy;
  void operator()(hwloc_topology_t topology) const { destroy(topology); }
};

int count_of(const Functions& hwloc, hwloc_topology_t topology, hwloc_obj_type_t type) {
  const int depth = hwloc.depth(topology, type);
  return depth < 0 ? 0 : static_cast<int>(hwloc.count(topology, depth));
}

}  // namespace

std::optional<Topology> topology_by_hwloc() {
  const Library library(::dlopen("libhwloc.so.15", RTLD_NOW | RTLD_LOCAL));
  Functions hwloc;
  hwloc_topology_t raw = nullptr;
  if (library == nullptr || !find_all(library.get(), hwloc) || hwloc.init(&raw) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<hwloc_topology, Destroy> topology(raw, Destroy{hwloc.destroy});
  // Processors only: caches and devices would double the time.
  if (hwloc.filter_all(raw, HWLOC_TYPE_FILTER_KEEP_NONE) != 0 ||
      hwloc.filter(raw, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL) != 0 ||
      hwloc.filter(raw, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL) != 0 || hwloc.load(raw) != 0) {
    return std::nullopt;
  }
  const Topology found{count_of(hwloc, raw, HWLOC_OBJ_PACKAGE),
                       count_of(hwloc, raw, HWLOC_OBJ_CORE), count_of(hwloc, raw, HWLOC_OBJ_PU)};
  return found.sockets > 0 && found.cores > 0 ? std::optional(found) : std::nullopt;
}

}  // namespace cp::provider::local
