// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/file.hpp"
#include "cli/context.hpp"
#include "market/cache.hpp"
#include "market/import.hpp"

namespace cpfind {

/// Imports what REQUEST says into CACHE, tells its faults on stderr under LABEL, and each to REPORT
/// (null for none); its cp.source/1, with the rules that were broken.
cp::Result<nlohmann::ordered_json> import_and_tell(cp::cli::Context& context,
                                                   cp::market::Cache& cache,
                                                   const cp::market::ImportRequest& request,
                                                   const std::string& label,
                                                   cp::AtomicFile* report);

/// The cache of this user, to be written; says so when it was damaged and is made anew.
cp::Result<cp::market::Cache> open_cache(const cp::cli::Context& context);

}  // namespace cpfind
