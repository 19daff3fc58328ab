// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/expression.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cp::market {

/// What to sort by; a null field is the score, the best first.
struct SortKey {
  const model::Field* field = nullptr;
  bool is_descending = false;
};

/// The keys in TEXT, a list of field names with "-" before those that descend; "price" is the job's
/// price when the demand has a duration, else the hour's, and "score" the total score. usage, with
/// the near match, for others.
Result<std::vector<SortKey>> parse_sort(std::string_view text, bool has_duration);

/// The value by which an offer is ranked, in a form that is quick to compare.
struct KeyValue {
  enum class Type : std::uint8_t { unknown, number, text };
  Type type = Type::unknown;
  double number = 0;
  std::string text;       ///< of a text in lower case
  int currency_rank = 0;  ///< amounts are compared within one currency
};

/// Offers before they are shown: the best ones of many, and nothing more than those.
struct Candidate {
  std::int64_t row = 0;       ///< of the cache; negative: -1 - the number of a live subject
  std::int64_t document = 0;  ///< rows with the same one are the same resource; 0: of its own
  std::int64_t group = 0;     ///< of which only so many are kept
  model::Truth truth = model::Truth::yes;
  std::vector<KeyValue> keys;  ///< of the order, behind them those of the front
};

/// Keeps the first LIMIT (0: all) candidates in the order of their truth, their keys and their row;
/// of those with one document the first alone.
class Ranking {
 public:
  Ranking(std::vector<SortKey> keys, std::size_t limit) : keys_(std::move(keys)), limit_(limit) {}

  /// Whether a candidate with TRUTH and this FIRST key may be among them.
  bool may_take(model::Truth truth, const KeyValue& first) const;
  /// Whether CANDIDATE, which is the first or the only one of its document, is among them now.
  bool would_take(const Candidate& candidate) const;
  void take(Candidate candidate);
  /// Those that were kept, in order.
  std::vector<Candidate> finish() &&;

  bool is_before(const Candidate& a, const Candidate& b) const;

 private:
  void keep(Candidate candidate);

  std::vector<SortKey> keys_;
  std::size_t limit_;
  std::vector<Candidate> kept_;  ///< a heap with the last one in front once it is full
  std::unordered_map<std::int64_t, Candidate> siblings_;  ///< the first of each document
};

/// What is kept of many candidates.
struct RankingRules {
  std::vector<SortKey> keys;
  std::size_t limit = 0;     ///< 0: all
  std::size_t of_group = 0;  ///< at most so many of one group; 0: any number
  /// Not empty: only those that no other one beats in these, where it is at least as good in all of
  /// them and better in one.
  std::vector<SortKey> front;
};

/// Keeps candidates as rules say. The rules outlive it.
class Chooser {
 public:
  explicit Chooser(const RankingRules& rules) : rules_(rules), all_(rules.keys, rules.limit) {}

  /// Whether a candidate of GROUP with TRUTH and this FIRST key may be kept.
  bool may_take(std::int64_t group, model::Truth truth, const KeyValue& first) const;
  /// Whether CANDIDATE, which is the first or the only one of its document, is kept as of now.
  bool would_take(const Candidate& candidate);
  void take(Candidate candidate);
  bool is_before(const Candidate& a, const Candidate& b) const { return all_.is_before(a, b); }
  /// Those that were kept, in order. failed when more than 5,000 are beaten by none.
  Result<std::vector<Candidate>> finish() &&;
  /// What another one with the same rules has to be given so that both keep what one would have.
  Result<std::vector<Candidate>> finish_part() &&;

 private:
  /// Candidates that are alike in all keys of the front.
  struct Point {
    Candidate first;
    Ranking alike;
  };
  enum class Duel : std::uint8_t { left_wins, right_wins, alike, neither };
  Duel duel(const Candidate& left, const Candidate& right) const;
  bool is_beaten(const Candidate& candidate);
  void meet_front(Candidate candidate);
  void rank(Candidate candidate);
  const Ranking* ranking_of(std::int64_t group) const;

  const RankingRules& rules_;
  Ranking all_;
  std::unordered_map<std::int64_t, Ranking> groups_;
  std::vector<Point> front_;
  bool is_too_wide_ = false;
};

/// Numbers the currencies: HOME first, the others in the order of their names.
class CurrencyRanks {
 public:
  explicit CurrencyRanks(std::string_view home) : home_(home) {}
  int rank(std::string_view currency) const;
  const std::string& home() const { return home_; }

 private:
  std::string home_;
};

}  // namespace cp::market
