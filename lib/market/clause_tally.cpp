// SPDX-License-Identifier: Apache-2.0
#include "market/clause_tally.hpp"

#include <bit>

namespace cp::market {
namespace {

// The one clause of BITS; none where there are several.
std::uint64_t only_one(std::uint64_t bits) { return std::has_single_bit(bits) ? bits : 0; }

template <class Visit>
void for_each_bit(std::uint64_t bits, const Visit& visit) {
  for (; bits != 0; bits &= bits - 1) {
    visit(static_cast<std::size_t>(std::countr_zero(bits)));
  }
}

}  // namespace

ClauseTally::ClauseTally(std::size_t clauses, std::size_t sources)
    : clauses_(clauses), sources_(sources), counts_(clauses * sources) {}

void ClauseTally::take(const RowVerdict& verdict) {
  const std::uint64_t not_yes = verdict.no | verdict.unknown;
  if (verdict.document == 0 || verdict.document != best_.document) {
    end_resource();
  }
  if (verdict.document == 0) {
    ++offers_;
    matched_ += not_yes == 0 ? 1 : 0;
    count(verdict.no, verdict.unknown, only_one(not_yes), verdict.source);
    return;
  }
  if (best_.document == 0) {
    best_ = verdict;
    not_yes_ = not_yes;
  }
  best_.no &= verdict.no;
  not_yes_ &= not_yes;
  alone_ |= only_one(not_yes);
  is_matched_ = is_matched_ || not_yes == 0;
}

void ClauseTally::end_resource() {
  if (best_.document == 0) {
    return;
  }
  ++offers_;
  matched_ += is_matched_ ? 1 : 0;
  count(best_.no, not_yes_ & ~best_.no, is_matched_ ? 0 : alone_, best_.source);
  best_ = {};
  not_yes_ = alone_ = 0;
  is_matched_ = false;
}

void ClauseTally::count(std::uint64_t no, std::uint64_t unknown, std::uint64_t alone,
                        std::size_t source) {
  Counts* const counts = &counts_[source * clauses_];
  for_each_bit(no, [&](std::size_t clause) { ++counts[clause].removed; });
  for_each_bit(unknown, [&](std::size_t clause) { ++counts[clause].unknown; });
  for_each_bit(alone, [&](std::size_t clause) { ++counts[clause].alone; });
}

ClauseTally::Counts ClauseTally::total(std::size_t clause) const {
  Counts sum;
  for (std::size_t source = 0; source < sources_; ++source) {
    const Counts& some = counts(clause, source);
    sum.removed += some.removed;
    sum.unknown += some.unknown;
    sum.alone += some.alone;
  }
  return sum;
}

}  // namespace cp::market
