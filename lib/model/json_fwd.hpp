// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace cp::model {

/// A JSON value whose objects keep the order in which their members came.
using Json = nlohmann::ordered_json;

}  // namespace cp::model
