// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <sys/stat.h>

namespace cp {

/// Nothing when the file at PATH, which is that of STATUS, may decide what runs; bad_config when it
/// is no regular file of ours or root's, or others may write it (or, if SECRET, read it).
Result<void> check_trusted(const std::string& path, const struct stat& status, bool secret);

}  // namespace cp
