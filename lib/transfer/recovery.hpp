// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/confined.hpp"
#include "transfer/journal_record.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace cp::transfer {

/// A file that stands under its name since an earlier attempt.
struct LandedFile {
  Digest entry;  ///< its digest in the tree
  std::uint64_t size = 0;
  Digest place;  ///< of its path (Seen)
};

/// A file that an earlier attempt left half.
struct PartialFile {
  std::uint64_t staged = 0;  ///< its name in the staging directory
  Digest stamp;
  std::uint64_t size = 0;
  bool is_fresh = false;
  std::map<std::uint64_t, Digest> leaves;  ///< that are in it
};

/// What earlier attempts of a transfer left at the destination, by the stamps of their sources.
struct Recovered {
  std::unordered_map<Digest, LandedFile, DigestHash> landed;
  std::unordered_map<Digest, PartialFile, DigestHash> partial;

  bool empty() const { return landed.empty() && partial.empty(); }
  /// What the partial files are called in the staging directory.
  std::set<std::string> staged_names() const;
  /// The partial file of STAMP with SIZE bytes, which is taken out.
  std::optional<PartialFile> take_partial(const Digest& stamp, std::uint64_t size);
};

/// Follows a journal and believes of it what the destination still shows: a landed file is one
/// that stands under its name with the journal's inode, size and time, a half one lies in the
/// staging directory with its size. For one thread.
class Recovery {
 public:
  /// Borrows ROOT, the destination's. STAGING is the open staging directory. Where its file system
  /// FOLDS case, places count by their folded names.
  Recovery(const Confined& root, int staging, bool folds = false)
      : root_(root), staging_(staging), folds_(folds) {}

  void follow(const JournalRecord& record);
  /// After the last record. The greatest name that was used in the staging directory is in LAST.
  Recovered finish();
  std::uint64_t last_staged() const { return last_staged_; }

 private:
  void follow_file(const JournalFile& file);
  void follow_leaves(const JournalLeaves& leaves);
  void follow_item(const JournalItem& item);
  bool stands(const JournalItem& item);
  bool lies(const PartialFile& file) const;

  const Confined& root_;
  int staging_;
  bool folds_;
  Recovered recovered_;
  std::unordered_map<std::uint64_t, PartialFile> growing_;
  std::uint64_t last_staged_ = 0;
  std::string directory_;  ///< the one that is open
  UniqueFd directory_fd_;
};

}  // namespace cp::transfer
