// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <string>
#include <string_view>

namespace cp::identity {

/// VALUE in the canonical form of RFC 8785 (JCS): no blanks, members in the order of their names'
/// UTF-16 code units, numbers as ECMAScript prints a binary64. Two texts with one value have one
/// form, so this is what is signed and hashed. bad_data for what I-JSON (RFC 7493) does not have:
/// an integer that is not exactly a binary64, a number that is not finite, a string that is not
/// UTF-8.
Result<std::string> canonical(const model::Json& value);

/// The canonical form of the object VALUE without its member NAME: what a proof signs.
Result<std::string> canonical_without(const model::Json& value, std::string_view name);

}  // namespace cp::identity
