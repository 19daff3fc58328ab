// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "provider/table.hpp"

#include <memory>
#include <string>

namespace cp::provider {

/// Where the local catalog looks.
struct LocalOptions {
  std::string root = "/";  ///< below it lie /proc and /sys; tests hand in a recorded machine
  std::string workdir;     ///< its file system is the resource's disk; empty: the system's /
};

/// The Catalog of this machine, from sysfs and /proc alone: quick enough for every query. The
/// description is a cp.resource/1 of kind "node" with a launch access "local:". CLOCK outlives it.
std::unique_ptr<Catalog> make_local_catalog(const LocalOptions& options, const Clock& clock);

namespace local {

/// As `make_local_catalog`; usage when URL says more than "local:".
Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings);

}  // namespace local
}  // namespace cp::provider
