// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <string>
#include <string_view>

namespace cp::cli {

/// The TOML document in SOURCE as a JSON object, members in the order of their names; dates and
/// times become text (RFC 3339, in UTC where an offset says so). NAME stands in messages.
/// bad_config with line and column for malformed TOML.
Result<model::Json> parse_toml(std::string_view source, const std::string& name);

}  // namespace cp::cli
