// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"

#include <string>

namespace cp::market {

/// The URL of the first launch access in RECORD, a cp.resource; empty when there is none.
std::string launch_url(const model::Json& record);

}  // namespace cp::market
