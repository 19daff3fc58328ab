// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>

namespace cp {

/// Where the tools keep what is theirs (XDG Base Directory Specification 0.8). Plain values:
/// nothing is made until somebody asks for it.
struct Paths {
  std::string state;   ///< CP_STATE_DIR, else $XDG_STATE_HOME/cptools, else ~/.local/state/cptools
  std::string cache;   ///< $XDG_CACHE_HOME/cptools, else ~/.cache/cptools
  std::string config;  ///< $XDG_CONFIG_HOME/cptools, else ~/.config/cptools
};

/// The paths that this process's environment names. Relative values are ignored, as XDG asks, but
/// bad_config for CP_STATE_DIR, and when there is no home directory either.
Result<Paths> paths_from_environment();

/// PATHS.state, made with mode 0700 when it was missing; bad_config when it is not ours or others
/// may enter it.
Result<std::string> open_state_directory(const Paths& paths);

/// Where sockets of this user lie while a tool runs: $XDG_RUNTIME_DIR/cptools, else
/// /tmp/cptools-UID.
std::string runtime_directory();

/// Makes the directory at PATH with mode 0700, unless it is there; denied when it is a link, not
/// ours, or others may enter it.
Result<void> make_private_directory(const std::string& path);

}  // namespace cp
