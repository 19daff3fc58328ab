// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <string>
#include <vector>

namespace cpid {

/// What --for names, in commas or several times; usage for a word that is no use of a key.
cp::Result<std::vector<std::string>> uses_of(const cp::cli::Context& context);

}  // namespace cpid
