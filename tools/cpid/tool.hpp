// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "identity/registry.hpp"

namespace cpid {

/// The commands of cpid and their flags.
const cp::cli::Tool& tool();

/// The registry of this machine; not_found with the hint to run `cpid init`.
cp::Result<cp::identity::Registry> open_registry(cp::cli::Context& context);

// One file each.
cp::Result<int> init(cp::cli::Context& context);
cp::Result<int> mint(cp::cli::Context& context);
cp::Result<int> check(cp::cli::Context& context);
cp::Result<int> parse(cp::cli::Context& context);
cp::Result<int> describe(cp::cli::Context& context);
cp::Result<int> register_records(cp::cli::Context& context);
cp::Result<int> resolve(cp::cli::Context& context);
cp::Result<int> list(cp::cli::Context& context);

}  // namespace cpid
