// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cp::transfer {

/// Whether files that stand at the destination are looked at before they are sent.
struct Sync {
  /// What stands there and is newer stays; what has the same size and time counts as the same.
  bool update = false;
  /// What has the same size and the same content is not sent.
  bool checksum = false;
  bool any() const { return update || checksum; }
  friend bool operator==(const Sync&, const Sync&) = default;
};

/// What becomes of things that stand in a directory of the destination and not in the same one of
/// the source, when everything else is done.
enum class Deletion {
  none,
  unless_failed,  ///< they are removed, unless an item failed
  always,
};

}  // namespace cp::transfer
