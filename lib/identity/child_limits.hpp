// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How much an aggregator takes of others (SECURITY §2).
namespace cp::identity {

/// So many in so much time, all at once or one by one.
struct Rate {
  std::int64_t count = 0;
  std::chrono::seconds per{1};
};

/// The Rate in TEXT: "600/min", per s, min, h or d; usage for anything else, and for 0.
Result<Rate> parse_rate(std::string_view text);
/// RATE as parse_rate reads it.
std::string show_rate(const Rate& rate);

/// What was used of a Rate: it flows off as time goes by. A passive value.
struct Usage {
  double used = 0;
  UnixTime at;

  /// Whether AMOUNT more goes in at NOW; then it is used.
  bool use(const Rate& rate, double amount, UnixTime now);
  /// How long after the last `use` AMOUNT will go in, rounded up, one second at least.
  std::chrono::seconds wait(const Rate& rate, double amount) const;
};

/// What is taken of one prefix below the own.
struct ChildLimits {
  std::int64_t records = 2'000'000;                    ///< that are kept
  std::int64_t bytes = 8'000'000'000;                  ///< of those records; and to take in a day
  Rate rate{5'000'000, std::chrono::seconds(86'400)};  ///< of entries, or documents handed in
  std::int64_t registries = 1'000;                     ///< below it that are followed
  Rate traffic() const { return {bytes, std::chrono::seconds(86'400)}; }
};

/// The limits of every child.
class ChildLimitTable {
 public:
  ChildLimitTable() = default;

  /// WORDS are "[PREFIX:]NAME=VALUE,…", in any number to a text (blanks, or an array of the
  /// configuration file): with a PREFIX for it and what lies below it, without one for all. What a
  /// word does not name it has from the words above it, and from ChildLimits. usage when malformed.
  static Result<ChildLimitTable> parse(const std::vector<std::string>& words);

  /// Those of the longest prefix that PREFIX lies within.
  const ChildLimits& of(std::string_view prefix) const;

 private:
  Result<void> add(std::string_view word);

  ChildLimits common_;
  std::vector<std::pair<std::string, ChildLimits>> special_;  // the longest prefix first
};

}  // namespace cp::identity
