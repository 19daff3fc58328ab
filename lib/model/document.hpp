// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <string_view>

namespace cp::model {

/// Whether DOCUMENT says that it is a NAME ("cp.offer") of any major version.
bool is_a(const Json& document, std::string_view name);

/// bad_data unless DOCUMENT is a NAME of major version 1.
Result<void> require(const Json& document, std::string_view name);

/// ERROR as a cp.error/1 of TOOL about ITEM ("" for none).
Json error_document(std::string_view tool, const Error& error, std::string_view item);

}  // namespace cp::model
