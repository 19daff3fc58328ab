// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/filter.hpp"
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
  /// Borrows all.
  Replacer(const Confined& root, Staging& staging, const Filter& filter)
      : root_(root), staging_(staging), filter_(filter) {}

  /// Gives STAGED of the staging directory the name of the directory at PLACE, which is called
  /// STAGED then. cannot_create when something in it has to stay.
  Result<void> exchange(const std::string& staged, const std::string& place) const;
  /// Removes what came from PLACE by `exchange`, and returns how many things that were.
  std::uint64_t remove_exchanged(const std::string& staged, const std::string& place) const;

  /// Puts an empty directory where a file or a link stands in the way of the directory PATH, which
  /// goes. False when none does.
  Result<bool> make_way(std::string_view path);
  /// How many files and links went by `make_way`.
  std::uint64_t gave_way() const { return gave_way_; }

 private:
  Result<void> put_directory(int at, const std::string& name) const;

  const Confined& root_;
  Staging& staging_;
  const Filter& filter_;
  std::atomic<std::uint64_t> gave_way_{0};
};

}  // namespace cp::transfer
