// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <sys/types.h>

namespace cp::provider::local {

/// What became of an attempt to start a job's main process.
struct StartFailure {
  Exit exit;  ///< 127: no such program; 126: it cannot be executed; 125: something else failed
  std::string message;
};

/// Starts the main process of TASK, whose paths are absolute: a session of its own, default
/// signals, its streams and directory as TASK says, killed if this process dies. Called on the only
/// thread.
tl::expected<pid_t, StartFailure> start_child(const Task& task);

}  // namespace cp::provider::local
