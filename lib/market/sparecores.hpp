// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"

#include <string>

namespace cp::market {

/// Reads the rest of LINES, SpareCores' servers.ndjson (github.com/SpareCores/sc-data-dumps), into
/// IMPORT: instance types of many vendors, without prices and places. NAME is the file's, for
/// messages. What is wrong with a line goes to LINT.
Result<void> import_sparecores(LineReader& lines, const std::string& name, CacheImport& import,
                               Lint& lint);

}  // namespace cp::market
