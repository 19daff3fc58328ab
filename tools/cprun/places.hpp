// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "jobs/job.hpp"

#include <vector>

namespace cprun {

/// Where the job of SPEC may run, in order: the usable ones of --offers, or --on, or the configured
/// default, else this machine. Offers complete SPEC by what they were asked for.
cp::Result<std::vector<cp::jobs::Candidate>> read_places(cp::cli::Context& context,
                                                         cp::model::JobSpec& spec);

}  // namespace cprun
