// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>
#include <vector>

namespace cp::transfer {

/// What travels of a file beside its bytes, its permission bits and its time.
struct Preserve {
  bool owner = false;        ///< user and group, and the bits that depend on them
  bool numeric_ids = false;  ///< owners go by their numbers, whatever their names are
  bool xattr = false;
  bool acl = false;    ///< POSIX ACLs, those that directories hand on included
  bool links = false;  ///< names that mean one file do so at the destination, too
  /// Of attributes those of users alone (user.*), whoever asks: set where a peer is not trusted.
  bool user_attributes_only = false;

  bool attributes() const { return xattr || acl; }
  bool anything() const { return owner || xattr || acl || links; }
  friend bool operator==(const Preserve&, const Preserve&) = default;
};

/// The words for what PRESERVE asks for.
std::vector<std::string_view> words_of(const Preserve& preserve);

/// Adds what WORD means: one of `words_of`, "all", or "mode" and "times", which always travel.
/// usage for any other.
Result<void> add_word(Preserve& preserve, std::string_view word);

}  // namespace cp::transfer
