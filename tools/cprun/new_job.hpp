// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/store.hpp"
#include "session.hpp"

#include <string>
#include <vector>

namespace cprun {

/// Makes the job that the command line describes durable, driven by this process, and an array's
/// elements with it: the job first. With --dry-run they are made up, and not stored.
cp::Result<std::vector<cp::jobs::Draft>> make_job(cp::cli::Context& context, Session& session);

}  // namespace cprun
