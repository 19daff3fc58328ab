// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpprobe {

/// cpprobe as data.
const cp::cli::Tool& tool();

/// One function a sub-command, each in a file of its own.
cp::Result<int> ping(cp::cli::Context& context);
cp::Result<int> rank(cp::cli::Context& context);
cp::Result<int> serve(cp::cli::Context& context);

}  // namespace cpprobe
