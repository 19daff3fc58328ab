// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"
#include "provider/slurm/cluster.hpp"

#include <optional>
#include <string>
#include <vector>

/// What a job asks of Slurm, in Slurm's own words.
namespace cp::provider::slurm {

/// "NAME.TOKEN", as `squeue` shows it: the characters of NAME that no shell and no table minds.
std::string job_name(const Task& task);

/// Whether CLUSTER must be known to ask for WANTED: cards are named there as the site likes.
bool needs_cluster(const model::JobResources& wanted);

/// failed, with the reason, when no partition of CLUSTER has nodes that can give WANTED.
Result<void> admits(const Cluster& cluster, const model::JobResources& wanted);

/// The options of sbatch(1) that ask for what TASK wants; CLUSTER as `needs_cluster` says. usage
/// for a custom attribute "slurm.…" that is no name of an option.
Result<std::vector<std::string>> options_of(const Task& task, const Cluster* cluster);

}  // namespace cp::provider::slurm
