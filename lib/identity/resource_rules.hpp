// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

namespace cp::identity {

/// bad_data, with the field and what it should be, unless RECORD is a cp.resource/1 whose known
/// fields have the types and values that its schema asks for. Unknown fields are no fault, nor are
/// absent or null ones except "schema" and "kind".
Result<void> check_resource(const model::Json& record);

}  // namespace cp::identity
