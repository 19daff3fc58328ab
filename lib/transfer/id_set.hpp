// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

namespace cp::transfer {

/// Which of the ids 1, 2, 3, … have been seen; small while they come roughly in order. Not
/// thread-safe.
class IdSet {
 public:
  /// Takes ID (from 1 on); false when it was there already.
  bool insert(std::uint64_t id) {
    if (id <= all_up_to_ || !beyond_.insert(id).second) {
      return false;
    }
    while (!beyond_.empty() && *beyond_.begin() == all_up_to_ + 1) {
      beyond_.erase(beyond_.begin());
      ++all_up_to_;
    }
    return true;
  }
  std::size_t gaps() const { return beyond_.size(); }

 private:
  std::uint64_t all_up_to_ = 0;
  std::set<std::uint64_t> beyond_;
};

}  // namespace cp::transfer
