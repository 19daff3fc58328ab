// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

/// What a path inside a transfer may be. Paths are bytes, relative to the root of the transfer,
/// with one slash between their parts; the root itself is the empty path.
namespace cp::transfer {

/// denied, with the reason, for a PATH that is absolute, holds "..", ".", empty parts or NUL, is
/// too long, or has a part that `is_reserved`. The empty path is allowed.
Result<void> check_path(std::string_view path);

/// Whether NAME is one that the mover keeps for itself at destinations (`.cpxfer`, `.cpxfer-…`):
/// sources that hold one are refused.
bool is_reserved(std::string_view name);

/// Whether a symbolic link at PATH with TARGET leads out of the root, however the tree below it
/// looks: it is absolute, climbs higher than it stands, or climbs after it descended (where a
/// directory may be a link itself).
bool leads_out(std::string_view path, std::string_view target);

/// A and B with a slash between, where neither is empty.
std::string join_path(std::string_view a, std::string_view b);

}  // namespace cp::transfer
