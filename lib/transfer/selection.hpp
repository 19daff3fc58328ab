// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/filter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cp::transfer {

/// What of the sources travels; by default all of it.
struct Selection {
  /// Only what has one of these names below the one source, a directory, in this order; the
  /// directories above come with it, what is in a named directory does not.
  std::optional<std::vector<std::string>> names;
  Filter filter;
  /// Files and links that changed before that second since 1970 stay.
  std::optional<std::int64_t> newer_than_s;
  /// Directories of other file systems than the source's arrive empty.
  bool one_file_system = false;
};

}  // namespace cp::transfer
