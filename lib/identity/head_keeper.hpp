// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/estate.hpp"

#include <chrono>

namespace cp::identity {

/// Makes a new head (as make_head, for 7 days) when there is none, when half of the newest one's
/// time has passed, or when the ledger has grown since and it is older than LEAST. False when
/// nothing was to be done. Several processes may do it on one store. Errors as make_head:
/// not_found where the key that signs heads lies elsewhere.
Result<bool> refresh_head(Estate& estate, std::chrono::nanoseconds least);

}  // namespace cp::identity
