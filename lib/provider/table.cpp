// SPDX-License-Identifier: Apache-2.0
#include "provider/table.hpp"

#include "base/text.hpp"
#include "provider/local/launcher.hpp"

#include <algorithm>
#include <array>

namespace cp::provider {
namespace {

constexpr std::array kTypes{
    LauncherType{"local", true, local::make_launcher},
};

}  // namespace

std::span<const LauncherType> launcher_types() { return kTypes; }

Result<const LauncherType*> find_type(const ProviderUrl& url) {
  const auto* const type = std::ranges::find(kTypes, url.type, &LauncherType::name);
  if (type != kTypes.end()) {
    return type;
  }
  std::string names;
  for (const auto& known : kTypes) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return with_hint(fail(Errc::unavailable, "no provider of type {} here", url.type),
                   "there are: " + names);
}

Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings) {
  CP_TRY_ASSIGN(const LauncherType* const type, find_type(url));
  return type->make(url, settings);
}

}  // namespace cp::provider
