// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/entry.hpp"
#include "transfer/far_shell.hpp"
#include "transfer/transfer.hpp"

#include <string>
#include <vector>

namespace cp::transfer {

/// One operand that is moved from a host that has a shell and no cpxfer, as Source is one here.
struct FarSource {
  std::string shown;      ///< what the user wrote, without the host
  std::string directory;  ///< as the far end takes it: what paths are relative to
  std::string name;       ///< "" when its contents are moved
  bool is_directory = false;

  std::string show(std::string_view path) const;
};

/// The source that the user wrote as PATH. not_found when nothing is there.
Result<FarSource> open_far_source(FarShell& shell, const std::string& path, Placement placement);

/// What a walk there found.
struct FarFound {
  enum class Kind { file, directory, link, unreadable_file, unreadable_directory, other };
  Kind kind = Kind::other;
  /// Path of the transfer; metadata, size and stamp where `has_status`.
  Entry entry;
  bool has_status = false;

  bool is_directory() const {
    return kind == Kind::directory || kind == Kind::unreadable_directory;
  }
};

/// All that is in SOURCE, a directory before what is in it; in memory, a few hundred bytes each.
/// protocol for what is no listing, bad_data past four million.
Result<std::vector<FarFound>> list_far(FarShell& shell, const FarSource& source,
                                       bool one_file_system);

}  // namespace cp::transfer
