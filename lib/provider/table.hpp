// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"
#include "provider/provider.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cp::provider {

/// What a launcher of any type is made with.
struct LauncherSettings {
  std::string state_directory;          ///< absolute; for what must be remembered here
  std::vector<std::string> supervisor;  ///< the command that supervises a job on this machine
};

/// One type of provider.
struct LauncherType {
  std::string_view name;
  /// Its URLs act on this machine: they are never taken from anybody else's record (SECURITY §3).
  bool is_this_machine;
  Result<std::unique_ptr<Launcher>> (*make)(const ProviderUrl& url,
                                            const LauncherSettings& settings);
};

/// Every type, one line each.
std::span<const LauncherType> launcher_types();

/// The type of URL; unavailable when this release has none of that name.
Result<const LauncherType*> find_type(const ProviderUrl& url);

/// The launcher that URL names.
Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings);

}  // namespace cp::provider
