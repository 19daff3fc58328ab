// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "transfer/selection.hpp"

namespace cp {
class Clock;
}

namespace cpxfer {

/// What --files-from, --include, --exclude, --exclude-from, --max-age and --one-file-system choose.
/// usage for a pattern that is none; errors of open(2) for a file of patterns.
cp::Result<cp::transfer::Selection> selection_of(const cp::cli::Arguments& arguments,
                                                 const cp::Clock& clock);

}  // namespace cpxfer
