// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "identity/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cpid {

/// This machine's registry; errors as Registry::open and open_state_directory.
cp::Result<cp::identity::Registry> open_registry(cp::cli::Context& context);

/// The words that complete a KIND of word: the registry's aliases for "alias".
std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind);

}  // namespace cpid
