// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpid {

/// cpid as data.
const cp::cli::Tool& tool();

/// One function a sub-command, each in a file of its own.
cp::Result<int> init(cp::cli::Context& context);
cp::Result<int> mint(cp::cli::Context& context);
cp::Result<int> check(cp::cli::Context& context);
cp::Result<int> parse(cp::cli::Context& context);
cp::Result<int> describe(cp::cli::Context& context);
cp::Result<int> register_records(cp::cli::Context& context);
cp::Result<int> resolve(cp::cli::Context& context);
cp::Result<int> list(cp::cli::Context& context);

}  // namespace cpid
