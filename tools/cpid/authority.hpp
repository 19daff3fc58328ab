// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "identity/estate.hpp"
#include "identity/registry.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cpid {

/// This machine's registry; errors as Registry::open and open_state_directory.
cp::Result<cp::identity::Registry> open_registry(cp::cli::Context& context);

/// This machine's trust and authority; makes the store where it is missing.
cp::Result<std::unique_ptr<cp::identity::Estate>> open_estate(cp::cli::Context& context);

/// Prints MADE, the authority's new delegation, and what is to be done with it.
void print_own_delegation(cp::cli::Context& context, const cp::model::Json& made);

/// Every JSON document of the operands, or of standard input; bad_data when there is none.
cp::Result<std::vector<cp::model::Json>> read_documents(cp::cli::Context& context,
                                                        std::span<const std::string> files);

/// The words that complete a KIND of word: the registry's aliases for "alias".
std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind);

}  // namespace cpid
