// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpfind {

/// cpfind as data.
const cp::cli::Tool& tool();

/// One function a sub-command, each in a file of its own.
cp::Result<int> assign(cp::cli::Context& context);
cp::Result<int> fields(cp::cli::Context& context);
cp::Result<int> gpus(cp::cli::Context& context);
cp::Result<int> import(cp::cli::Context& context);
cp::Result<int> query(cp::cli::Context& context);
cp::Result<int> sources(cp::cli::Context& context);
cp::Result<int> watch(cp::cli::Context& context);

}  // namespace cpfind
