// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "transfer/catalog.hpp"
#include "transfer/transfer.hpp"

namespace cpxfer {

/// This user's transfers.
cp::Result<cp::transfer::Catalog> catalog_of(const cp::cli::Context& context);

/// The entry of REQUEST, which is about to run, in the catalog: it gets its name by that. nullopt
/// where there can be none.
std::optional<cp::transfer::Catalog::Running> begin_entry(cp::cli::Context& context,
                                                          cp::transfer::Request& request);

}  // namespace cpxfer
