// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/demand.hpp"
#include "market/quote.hpp"
#include "model/expression.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cp::market {

/// One of the things that an offer has to fulfil, all of which are asked for at once.
struct Clause {
  enum class Type : std::uint8_t {
    condition,  ///< CONDITION holds
    spot,       ///< there is a spot price
    runnable,   ///< cprun may launch on it
    policy,     ///< the resource takes the demand; asked of what all others leave
  };
  Type type = Type::condition;
  model::Condition condition;
  std::string text;  ///< in words of the language, or the flag
};

/// There are at most so many; what is past them stands together in the last condition.
inline constexpr std::size_t kMostClauses = 60;

/// The clauses of CONDITION, which are the parts of its conjunctions, and of what else is asked
/// for; the policy is the last one.
std::vector<Clause> clauses_of(const model::Condition& condition, Terms terms, bool runnable_only);

/// Whether CLAUSE asks that a field is not above, or not below, one value.
bool is_threshold(const Clause& clause);

/// CLAUSE, a threshold, as it has to be for VALUE to be within it; nullopt where nothing would be
/// outside: at least nothing.
std::optional<Clause> widened(const Clause& clause, const model::FieldValue& value);

/// How far a threshold at LIMIT is moved that VALUE is within: in doublings or halvings, and 16
/// where one of both is nothing.
double distance(double limit, double value);
/// How far it is to do without a clause that an offer does not fulfil, and without one of which
/// that is not known: farther than any limit is moved.
inline constexpr double kDroppedDistance = 1, kUnknownDistance = 32;

}  // namespace cp::market
