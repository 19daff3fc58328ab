// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <memory>

namespace cp {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// An open directory that is closed with it; null when it could not be opened. Not thread-safe.
using Directory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace cp
