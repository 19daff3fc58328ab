// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/lint.hpp"

#include <string>
#include <string_view>

namespace cp::market {

/// Reads the topology of the Open Science Grid (github.com/opensciencegrid/topology) at PATH into
/// IMPORT: the file of one resource group, or a directory of FACILITY/SITE/GROUP.yaml. The place of
/// a group stands in SITE.yaml beside it; who provides it is its facility, which is PROVIDER where
/// no directory says. A resource with a compute element is a cluster, one that stores is storage,
/// any other a service. What is wrong with a file or resource goes to LINT. bad_data when there are
/// more than 100,000 files; else as opening a directory fails.
Result<void> import_osg(const std::string& path, const std::string& provider, CacheImport& import,
                        Lint& lint);

/// The same for the file of one resource group that was brought from URL to PATH. Nothing there
/// says its place or facility: PROVIDER provides it.
Result<void> import_osg_from(const std::string& url, const std::string& path,
                             const std::string& provider, CacheImport& import, Lint& lint);

/// Whether NAME, the path of a file or URL, is that of YAML.
bool is_osg_name(std::string_view name);

/// Whether the catalog at PATH is one of these as far as its name tells: a directory, or YAML.
bool may_be_osg(const std::string& path);

}  // namespace cp::market
