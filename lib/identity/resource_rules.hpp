// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <cstddef>

namespace cp::identity {

/// How many aliases, and how many codes of other schemes, one record may have.
inline constexpr std::size_t kMostAliases = 64;
inline constexpr std::size_t kMostForeignCodes = 256;

/// bad_data, with the field and what it should be, unless RECORD is a cp.resource/1 whose known
/// fields have the types and values that its schema asks for. Unknown fields are no fault, nor are
/// absent or null ones except "schema" and "kind".
Result<void> check_resource(const model::Json& record);

/// bad_data, with what is wrong, when RECORD says that it has ended and not how (as a tombstone,
/// revoked, moved or merged), when, and, for the last two, which code stands for it now. Whoever
/// verifies it checks this, too: a resource that has ended must not pass for one that is there.
Result<void> check_end(const model::Json& record);

/// bad_data, with what is wrong, when RECORD, which `check_resource` has passed, says what this
/// release could not use: a price's unit that nobody bills by, a policy that is no condition, an
/// access URL of a scheme that no provider has or that a program would take for an option or a
/// script. What others registered may be newer than we are; what we sign is not.
Result<void> check_usable(const model::Json& record);

}  // namespace cp::identity
