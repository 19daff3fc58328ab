// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/digest.hpp"

#include <cstdint>
#include <string>

namespace cp::transfer {

/// Reads the file NAME in DIRECTORY, BYTES long, as its disk gives it back: it is synced, and the
/// system is asked to forget what it has of it in memory (posix_fadvise(2)); where a file system
/// has no disk, or keeps what it has, that is what is read. io when its digest is not CONTENT, or
/// it cannot be read. A symbolic link is not followed and holds nothing.
Result<void> read_back(int directory, const std::string& name, std::uint64_t bytes,
                       const Digest& content);

}  // namespace cp::transfer
