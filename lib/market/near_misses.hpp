// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace cp::market {

/// A row that does not match, and how far it is from doing so.
struct NearMiss {
  std::uint64_t no = 0, unknown = 0;  ///< as in RowVerdict
  std::int64_t row = 0;               ///< of the cache; negative: -1 - the number of a live one
  double distance = 0;                ///< of all clauses together
  std::vector<double> distances;      ///< of each
};

/// Keeps the nearest of the rows that fail in the same clauses, for at most 4,096 such sets, the
/// nearest ones.
class NearMisses {
 public:
  /// Whether a row at DISTANCE would be kept as of now.
  bool would_take(std::uint64_t no, std::uint64_t unknown, double distance) const;
  void take(NearMiss miss);

  /// At most MOST of them, the nearest first, without those to which a nearer one is on the way: it
  /// fails in some of the same clauses alone, and in none of them by more.
  std::vector<NearMiss> nearest(std::size_t most) const;

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  void forget_the_farthest();

  std::map<Key, NearMiss> kept_;
};

}  // namespace cp::market
