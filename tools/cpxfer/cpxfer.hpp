// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpxfer {

/// The tool: its commands, their flags, and what they do.
extern const cp::cli::Tool tool;

/// Moves files and directories (the command without a name).
cp::Result<int> copy(cp::cli::Context& context);
/// Takes and gives files for others.
cp::Result<int> serve(cp::cli::Context& context);

}  // namespace cpxfer
