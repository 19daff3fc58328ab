// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/entry.hpp"
#include "transfer/preserve.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// The directories of a tree that grows: made when something in them arrives, however early, opened
/// once for many files, and given their modes and times when everything else is done. Safe on any
/// thread.
class Directories {
 public:
  /// Borrows ROOT.
  explicit Directories(const Confined& root, Preserve preserve = {})
      : root_(root), preserve_(preserve) {}

  /// Asked by `open` when something else stands in the way of the directory PATH: whether it has
  /// gone. Set before anything else.
  void ask_for_way(std::function<Result<bool>(std::string_view path)> make_way) {
    make_way_ = std::move(make_way);
  }

  /// The open directory at PATH, made with what is missing above it.
  Result<std::shared_ptr<const UniqueFd>> open(std::string_view path);

  /// Makes the directory of ENTRY and remembers its metadata; false when it was added before. Until
  /// `finish` its owner may write in it.
  Result<bool> add(const Entry& entry);
  /// The paths that were added.
  std::vector<std::string> added() const;
  /// Those that `finish` had to change.
  std::vector<std::string> changed() const { return changed_; }

  /// Sets modes and times, the deepest directories first; FAILED is called for each that did not
  /// take them.
  template <class Failed>
  void finish(Failed failed) {
    for (auto entry = metadata_.rbegin(); entry != metadata_.rend(); ++entry) {
      const auto done = settle(entry->first, entry->second);
      if (!done) {
        failed(entry->first, done.error());
      } else if (*done) {
        changed_.push_back(entry->first);
      }
    }
  }

  /// Forces the names in the directories at PLACES, and in those above them, to the disk; by one
  /// sync of the whole file system when they are many. io.
  Result<void> sync(const std::vector<std::string>& places) const;
  /// Forces everything on the file system of the root to the disk. io.
  Result<void> sync_all() const;

 private:
  struct Settings {
    Metadata metadata;
    std::shared_ptr<const Extras> extras;
  };
  Result<bool> settle(const std::string& path, const Settings& settings) const;
  Result<Confined::Opened> make(std::string_view path) const;
  Result<void> sync_one(const std::string& path) const;

  const Confined& root_;
  const Preserve preserve_;
  std::function<Result<bool>(std::string_view path)> make_way_;
  std::mutex mutex_;
  struct Open {
    std::string path;
    std::shared_ptr<const UniqueFd> fd;
  };
  std::list<Open> recent_;  ///< the last used first
  /// By path: what lies in a directory comes after it.
  std::map<std::string, Settings, std::less<>> metadata_;
  std::vector<std::string> changed_;
};

}  // namespace cp::transfer
