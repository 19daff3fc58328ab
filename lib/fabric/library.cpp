// SPDX-License-Identifier: Apache-2.0
#include "fabric/library.hpp"

#include <dlfcn.h>

namespace cp::fabric {
namespace {

// The interface that our headers are of; newer libraries keep it beside their own.
constexpr const char* kInfoVersion = "FABRIC_1.3";
constexpr const char* kFabricVersion = "FABRIC_1.1";

template <class Function>
bool find(void* handle, const char* name, const char* version, Function& function) {
  void* symbol = version == nullptr ? nullptr : ::dlvsym(handle, name, version);
  if (symbol == nullptr) {
    symbol = ::dlsym(handle, name);
  }
  function = reinterpret_cast<Function>(symbol);
  return symbol != nullptr;
}

}  // namespace

Result<std::shared_ptr<const Library>> Library::load() {
  // Never unloaded: libfabric 1.17 forgets some memory each time, and would take as long again.
  void* handle = ::dlopen("libfabric.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return with_hint(fail(Errc::unavailable, "libfabric cannot be used here"),
                     "install libfabric1, or say --rail tcp");
  }
  const auto library = std::make_shared<Library>(handle);
  CP_TRY(library->look_up());
  return library;
}

Library::~Library() { ::dlclose(handle_); }

Result<void> Library::look_up() {
  const bool all = find(handle_, "fi_getinfo", kInfoVersion, getinfo) &&
                   find(handle_, "fi_freeinfo", kInfoVersion, freeinfo) &&
                   find(handle_, "fi_dupinfo", kInfoVersion, dupinfo) &&
                   find(handle_, "fi_fabric", kFabricVersion, fabric) &&
                   find(handle_, "fi_strerror", nullptr, strerror);
  return all ? Result<void>() : fail(Errc::unavailable, "libfabric.so.1 is of no known version");
}

std::string Library::text_of(long error) const {
  return strerror(static_cast<int>(error < 0 ? -error : error));
}

}  // namespace cp::fabric
