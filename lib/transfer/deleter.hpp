// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/digest.hpp"
#include "transfer/filter.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cp::transfer {

/// What a source has: 16 bytes for each thing. Not thread-safe.
class Seen {
 public:
  /// From now on names that differ in case alone are one: of each path the folded one counts.
  void fold() { folds_ = true; }
  void add(std::string_view path) { paths_.push_back(counted(path)); }
  void add(const Digest& path) { paths_.push_back(path); }
  /// After the last one.
  void seal();
  bool has(std::string_view path) const;
  static Digest digest_of(std::string_view path);

 private:
  Digest counted(std::string_view path) const;

  std::vector<Digest> paths_;
  bool folds_ = false;
};

/// Removes what stands in directories of a destination and not in those of its source. Everything
/// goes by descriptors beneath the root: no link is followed, whatever others do to the tree
/// meanwhile, and no other file system is entered. What the filter leaves out of the transfer
/// stays, and so does the tool's own. For one thread.
class Deleter {
 public:
  struct Parts {
    const Confined& root;  ///< borrowed, as all of it
    const Seen& seen;
    const Filter& filter;
    std::function<void(const std::string& path, const Error&)> failed;
    /// Whether what is there and at the source has to go, since it is of another kind: a tree, or
    /// not.
    std::function<bool(const std::string& path, bool is_tree)> gives_way = nullptr;
    bool only_shows = false;  ///< what would be removed; nothing is touched
    std::function<void(const std::string& path)> removed = nullptr;  ///< told each, if there
  };
  explicit Deleter(Parts parts) : parts_(std::move(parts)) {}

  /// Removes what in the directory at PATH, whose contents the source has told, was not seen.
  void clean(const std::string& path);
  /// Removes NAME in the directory AT, which is called PATH, with all that is in it; whether it is
  /// gone.
  bool remove_all(int at, const std::string& name, const std::string& path);
  /// How many things were removed.
  std::uint64_t deleted() const { return deleted_; }

 private:
  bool remove(int at, const std::string& name, const std::string& path, dev_t device);
  bool remove_directory(int at, const std::string& name, const std::string& path, dev_t device);
  bool remove_name(int at, const std::string& name, const std::string& path, int flags);

  Parts parts_;
  std::uint64_t deleted_ = 0;
};

}  // namespace cp::transfer
