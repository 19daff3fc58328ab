// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cp::market {

/// What clauses say of one row, a bit each: those that it does not fulfil, and those of which that
/// is not known.
struct RowVerdict {
  std::uint64_t no = 0;
  std::uint64_t unknown = 0;
  std::int64_t document = 0;  ///< rows with the same one are the same resource; 0: of its own
  std::size_t source = 0;
};

/// Counts what each clause does to offers. Rows of one resource, which come one behind the other,
/// are one offer, of which the best row speaks.
class ClauseTally {
 public:
  struct Counts {
    std::int64_t removed = 0;  ///< fulfil it not
    std::int64_t unknown = 0;  ///< may fulfil it
    std::int64_t alone = 0;    ///< would match without it, and do not
  };

  ClauseTally(std::size_t clauses, std::size_t sources);

  void take(const RowVerdict& verdict);
  /// After the last row.
  void finish() { end_resource(); }

  std::int64_t offers() const { return offers_; }
  std::int64_t matched() const { return matched_; }
  /// Of clause CLAUSE in SOURCE.
  const Counts& counts(std::size_t clause, std::size_t source) const {
    return counts_[source * clauses_ + clause];
  }
  Counts total(std::size_t clause) const;

 private:
  void end_resource();
  void count(std::uint64_t no, std::uint64_t unknown, std::uint64_t alone, std::size_t source);

  std::size_t clauses_;
  std::size_t sources_;
  std::vector<Counts> counts_;
  std::int64_t offers_ = 0, matched_ = 0;
  /// Of the resource of several rows that is being looked at.
  RowVerdict best_;
  std::uint64_t not_yes_ = 0, alone_ = 0;
  bool is_matched_ = false;
};

}  // namespace cp::market
