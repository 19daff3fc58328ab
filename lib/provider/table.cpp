// SPDX-License-Identifier: Apache-2.0
#include "provider/table.hpp"

#include "base/text.hpp"
#include "provider/exec/catalog.hpp"
#include "provider/local/catalog.hpp"
#include "provider/local/launcher.hpp"
#include "provider/slurm/catalog.hpp"
#include "provider/slurm/launcher.hpp"
#include "provider/ssh/launcher.hpp"

#include <array>

namespace cp::provider {
namespace {

constexpr std::array kTypes{
    ProviderType{"local", true, local::make_launcher, local::make_catalog},
    ProviderType{"slurm", true, slurm::make_launcher, slurm::make_catalog},
    ProviderType{"slurm+ssh", false, slurm::make_launcher, slurm::make_catalog},
    ProviderType{"ssh", false, ssh::make_launcher, nullptr},
    ProviderType{"exec", true, nullptr, exec::make_catalog},
};

template <class Role>
Result<const ProviderType*> find_with(const ProviderUrl& url, Role ProviderType::*role,
                                      std::string_view what) {
  std::string names;
  for (const auto& type : kTypes) {
    if (type.*role == nullptr) {
      continue;
    }
    if (type.name == url.type) {
      return &type;
    }
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  }
  return with_hint(fail(Errc::unavailable, "no provider of type {} {} here", url.type, what),
                   "there are: " + names);
}

}  // namespace

std::span<const ProviderType> provider_types() { return kTypes; }

Result<const ProviderType*> find_launcher_type(const ProviderUrl& url) {
  return find_with(url, &ProviderType::make_launcher, "launches jobs");
}

Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings) {
  CP_TRY_ASSIGN(const ProviderType* const type, find_launcher_type(url));
  return type->make_launcher(url, settings);
}

Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings) {
  CP_TRY_ASSIGN(const ProviderType* const type,
                find_with(url, &ProviderType::make_catalog, "is described"));
  return type->make_catalog(url, settings);
}

}  // namespace cp::provider
