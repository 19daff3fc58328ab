// SPDX-License-Identifier: Apache-2.0
#include "fabric/loader.hpp"

#include "fabric/handles.hpp"

namespace cp::fabric {
namespace {

// The first question makes libfabric look for its providers; the answer does not matter here.
void look_around(const Library& library) {
  fi_info* found = nullptr;
  if (library.getinfo(api_version, nullptr, nullptr, FI_PROV_ATTR_ONLY, nullptr, &found) == 0) {
    library.freeinfo(found);
  }
}

Result<std::shared_ptr<const Library>> load() {
  auto library = Library::load();
  if (library) {
    look_around(**library);
  }
  return library;
}

}  // namespace

Loader::Loading Loader::begun() {
  const std::scoped_lock lock(mutex_);
  if (!loading_.valid()) {
    loading_ = std::async(std::launch::async, load).share();
  }
  return loading_;
}

void Loader::start() { static_cast<void>(begun()); }

Result<std::shared_ptr<const Library>> Loader::get() { return begun().get(); }

}  // namespace cp::fabric
