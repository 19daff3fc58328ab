// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/deleter.hpp"
#include "transfer/filter.hpp"
#include "transfer/message.hpp"
#include "transfer/transfer.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace cp::transfer {

/// What the sources of a dry run have, as far as it says what would be deleted where they land.
/// Nothing is touched. For one thread.
class Inventory {
 public:
  explicit Inventory(Deletion deletion) : deletion_(deletion) {}

  bool is_wanted() const { return deletion_ != Deletion::none; }
  /// Something that would land at PLACE below the root.
  void add(std::string_view place, bool is_directory);
  /// Something that stays where it is, if it is there.
  void add(const Present& present);
  /// An item could not be moved.
  void failed() { ++failures_; }

  /// Calls REMOVED for each thing below ROOT that would be deleted, in that order, and FAILED for
  /// what cannot be looked at. Once, after everything was added.
  void show_rest(const Confined& root, const Filter& filter,
                 const std::function<void(const std::string& path)>& removed,
                 const std::function<void(const std::string& path, const Error&)>& failed);

 private:
  const Deletion deletion_;
  Seen seen_;
  std::set<std::string, std::less<>> listed_;
  std::set<std::string, std::less<>> directories_;
  std::set<std::string, std::less<>> staying_;
  std::uint64_t failures_ = 0;
};

}  // namespace cp::transfer
