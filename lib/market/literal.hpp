// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <string_view>

namespace cp::market {

/// The value of a Python literal or of JSON, or of a mixture of both, as catalogs have them in one
/// field: dicts, lists, strings in either quotes, numbers, None, null, True, true, False, false.
/// bad_data for anything else, for nesting past limits::json_depth and a string past
/// limits::string_bytes; a name that occurs twice keeps its last value, as in Python.
Result<model::Json> parse_literal(std::string_view text);

}  // namespace cp::market
