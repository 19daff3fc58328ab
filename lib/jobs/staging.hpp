// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/job.hpp"
#include "provider/script.hpp"

#include <stop_token>
#include <string>
#include <string_view>

/// Moves a job's data in and out with the mover (lib/transfer), in this process.
namespace cp::jobs {

/// Makes the URLs and paths of SPEC's inputs and outputs mean the same from anywhere: relative
/// file: URLs become absolute below HERE. An executable given with a slash that is a file here
/// becomes an input of its own name, unless it is absolute. A place that ends in a slash becomes
/// one inside of it, under the source's name, unless the source ends in one, too. not_found when an
/// input is missing here, usage for a URL that nothing can be moved from or to.
Result<void> settle_paths(model::JobSpec& spec, const std::string& here);

/// Brings SPEC's inputs below DIRECTORY and returns the bytes that were moved. Can be repeated. FAR
/// is the host that DIRECTORY is on, null for this machine.
Result<std::int64_t> stage_in(const model::JobSpec& spec, const std::string& directory,
                              const provider::Place* far, std::stop_token stop);

/// Takes the outputs that are due after a job that ended in STATE out of DIRECTORY, and returns the
/// bytes that were moved. One that a failed job did not make is no error. Can be repeated. FAR as
/// for `stage_in`.
Result<std::int64_t> stage_out(const model::JobSpec& spec, model::JobState state,
                               const std::string& directory, const provider::Place* far,
                               std::stop_token stop);

/// Whether there is anything to take out after a job that ended in STATE.
bool has_outputs(const model::JobSpec& spec, model::JobState state);

/// Where a copy of the standard input of job ID lies until it has ended: of what is no file that
/// others could open.
std::string kept_input(const std::string& state_directory, std::string_view id);

}  // namespace cp::jobs
