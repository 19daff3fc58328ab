// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"
#include "market/source_list.hpp"
#include "model/json_fwd.hpp"

#include <span>

namespace cpfind {

/// The columns in which sources are shown.
std::span<const cp::cli::Column> source_columns();

/// Adds to RECORD, the cp.source of a catalog in the cache, what the user has said of it.
void add_settings(cp::model::Json& record, const cp::market::SourceSettings& settings);

}  // namespace cpfind
