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

/// Where transfers grow in their destination.
inline constexpr const char* staging_directory = ".cpxfer";

/// Whether NAME is one that the mover keeps for itself at destinations (`.cpxfer`, `.cpxfer-…`), in
/// upper or lower case, which are one in some file systems: sources that hold one are refused.
bool is_reserved(std::string_view name);

/// Whether a symbolic link at PATH with TARGET leads out of the root, however the tree below it
/// looks: it is absolute, climbs higher than it stands, or climbs after it descended (where a
/// directory may be a link itself).
bool leads_out(std::string_view path, std::string_view target);

/// How the item at PATH is called that lands in DESTINATION, as its user wrote it; "": that itself.
std::string shown_in(std::string_view destination, std::string_view path);

/// A and B with a slash between, where neither is empty.
std::string join_path(std::string_view a, std::string_view b);

}  // namespace cp::transfer
