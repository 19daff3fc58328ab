// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cpxfer {

/// The tool: its commands, their flags, and what they do.
extern const cp::cli::Tool tool;

/// Moves files and directories (the command without a name).
cp::Result<int> copy(cp::cli::Context& context);
/// Prints the digests of files and trees.
cp::Result<int> hash(cp::cli::Context& context);
/// Compares sources with what stands where they would land.
cp::Result<int> verify(cp::cli::Context& context);
/// Measures what each stage of a transfer can do alone.
cp::Result<int> bench(cp::cli::Context& context);
/// Shows the transfers of this user that ran here, goes on with one, forgets some.
cp::Result<int> list(cp::cli::Context& context);
cp::Result<int> resume(cp::cli::Context& context);
cp::Result<int> forget(cp::cli::Context& context);
/// Ids of transfers, for completions.
std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind);
/// Takes and gives files for others.
cp::Result<int> serve(cp::cli::Context& context);

}  // namespace cpxfer
