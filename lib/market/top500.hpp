// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"

#include <string>
#include <string_view>

namespace cp::market {

/// Whether HEADER, a file's first line, is that of a TOP500 list as CSV.
bool is_top500_header(std::string_view header);

/// Reads the rest of LINES, a TOP500 list as its site exports it, into IMPORT: one cluster a row,
/// with its measured (HPL, HPCG) and nominal rates of FP64. The list is from AS_OF; where that is
/// empty, from the June or November in which its newest entries appeared. What is wrong with a row
/// goes to LINT. bad_data when the header is none of it.
Result<void> import_top500(LineReader& lines, const std::string& as_of, CacheImport& import,
                           Lint& lint);

}  // namespace cp::market
