// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/table.hpp"

#include <memory>

namespace cp::provider::ssh {

/// The Launcher of a machine without a scheduler, "ssh://[user@]host[:port]". Nothing of ours is
/// installed there: each job is run by a script for POSIX sh, which outlives the connection, takes
/// the token, keeps limits and leaves records below ~/.local/state/cptools/ssh.
Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings);

}  // namespace cp::provider::ssh
