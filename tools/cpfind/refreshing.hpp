// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "market/source_list.hpp"

#include <vector>

namespace cpfind {

/// Asks each of SOURCES anew: catalogs are read into the cache, the answers of providers
/// remembered. All are brought here at once, each until its own deadline. Prints a cp.source for
/// each; one that fails keeps what is known of it, and is a failed item.
cp::Result<void> refresh(cp::cli::Context& context,
                         const std::vector<cp::market::SourceSettings>& sources);

}  // namespace cpfind
