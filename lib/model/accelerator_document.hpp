// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/accelerators.hpp"
#include "model/json_fwd.hpp"

namespace cp::model {

/// ACCELERATOR as a cp.accelerator/1, each figure with its source and date.
Json to_json(const Accelerator& accelerator);

/// ACCELERATOR as a cp.resource/1 that has one of it and says nothing else, for the selection
/// language.
Json as_resource(const Accelerator& accelerator);

}  // namespace cp::model
