// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"

namespace cp::jobs {

/// A cp.job in the form that events change: its attempts by their number, and nothing that is null,
/// so that a merge patch (RFC 7386) can say every change.
model::Json patchable(const model::Json& document);

/// The merge patch that makes AFTER of BEFORE, both `patchable`; empty when they are one.
model::Json difference(const model::Json& before, const model::Json& after);

}  // namespace cp::jobs
