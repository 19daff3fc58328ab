// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "net/ssh.hpp"
#include "provider/catalog.hpp"
#include "provider/launcher.hpp"
#include "provider/provider.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cp::provider {

/// What a launcher of any type is made with.
struct LauncherSettings {
  std::string state_directory;          ///< absolute; for what must be remembered here
  std::vector<std::string> supervisor;  ///< the command that supervises a job on this machine
  net::SshSettings ssh = {};            ///< for types that go through ssh
  std::chrono::nanoseconds patience = std::chrono::seconds(30);  ///< with one answer
};

/// What a catalog of any type is made with.
struct CatalogSettings {
  const Clock* clock;                                            ///< borrowed, outlives the catalog
  std::string workdir;                                           ///< where jobs would run, or ""
  net::SshSettings ssh;                                          ///< for types that go through ssh
  std::chrono::nanoseconds patience = std::chrono::seconds(30);  ///< with one answer
};

/// One type of provider, and the roles that it plays; a null one is not played yet.
struct ProviderType {
  std::string_view name;
  /// Its URLs act on this machine: they are never taken from anybody else's record (SECURITY §3).
  bool is_this_machine;
  Result<std::unique_ptr<Launcher>> (*make_launcher)(const ProviderUrl& url,
                                                     const LauncherSettings& settings);
  Result<std::unique_ptr<Catalog>> (*make_catalog)(const ProviderUrl& url,
                                                   const CatalogSettings& settings);
};

/// Every type, one line each.
std::span<const ProviderType> provider_types();

/// The type of URL that launches jobs; unavailable when this release has none of that name.
Result<const ProviderType*> find_launcher_type(const ProviderUrl& url);

/// The launcher that URL names.
Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings);

/// The catalog that URL names; unavailable when this release has none of that type.
Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings);

}  // namespace cp::provider
