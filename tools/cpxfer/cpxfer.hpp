// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpxfer {

/// The tool: its commands, their flags, and what they do.
extern const cp::cli::Tool tool;

/// Moves files and directories (the command without a name).
cp::Result<int> copy(cp::cli::Context& context);
/// Prints the digests of files and trees.
cp::Result<int> hash(cp::cli::Context& context);
/// Compares sources with what stands where they would land.
cp::Result<int> verify(cp::cli::Context& context);
/// Takes and gives files for others.
cp::Result<int> serve(cp::cli::Context& context);

}  // namespace cpxfer
