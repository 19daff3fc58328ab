// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/filter.hpp"
#include "transfer/same_names.hpp"
#include "transfer/staging.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace cp::transfer {

/// Makes room at a destination, whose rest is deleted, where a thing of the other kind stands: a
/// directory for a file, a file or link for a directory. Both change places at one stroke, so that
/// a kill leaves the one or the other under the name (where the file system can do that; else the
/// old one lies in the staging directory). Nothing that the filter leaves out goes, no link is
/// followed, no other file system entered. Safe on any thread.
class Replacer {
 public:
  /// Borrows all. SAME_NAMES are there where the file system folds case: what another item of the
  /// transfer has filled gives way to none.
  Replacer(const Confined& root, Staging& staging, const Filter& filter,
           SameNames* same_names = nullptr)
      : root_(root), staging_(staging), filter_(filter), same_names_(same_names) {}

  /// Gives STAGED of the staging directory the name of the directory at PLACE, which is called
  /// STAGED then. cannot_create when something in it has to stay, or it is another item's.
  Result<void> exchange(const std::string& staged, const std::string& place);
  /// Removes what came from PLACE by `exchange`, and returns how many things that were.
  std::uint64_t remove_exchanged(const std::string& staged, const std::string& place) const;

  /// Puts an empty directory where a file or a link stands in the way of the directory PATH, which
  /// goes. False when none does, or it is another item's.
  Result<bool> make_way(std::string_view path);
  /// How many files and links went by `make_way`.
  std::uint64_t gave_way() const { return gave_way_; }

 private:
  Result<void> exchange_alone(const std::string& staged, const std::string& place) const;
  Result<bool> give_way(int at, const std::string& name, const std::string& place);
  Result<void> put_directory(int at, const std::string& name) const;

  const Confined& root_;
  Staging& staging_;
  const Filter& filter_;
  SameNames* const same_names_;
  std::atomic<std::uint64_t> gave_way_{0};
};

}  // namespace cp::transfer
