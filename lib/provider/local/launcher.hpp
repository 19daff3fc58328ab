// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/table.hpp"

#include <memory>

namespace cp::provider::local {

/// The Launcher of this machine: a supervisor for each job, whose fence makes it exactly-once. It
/// runs every job at once; several processes may use one state directory. usage when URL says more
/// than "local:".
Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings);

}  // namespace cp::provider::local
