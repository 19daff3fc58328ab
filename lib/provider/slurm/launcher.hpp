// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/table.hpp"

#include <memory>

namespace cp::provider::slurm {

/// The Launcher of the Slurm cluster that this machine's sbatch, squeue and scancel reach. Jobs
/// have their directories in `slurm` below the state directory, which the nodes must share with
/// this machine; nothing of ours is installed there: a job is a script for POSIX sh.
Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings);

}  // namespace cp::provider::slurm
