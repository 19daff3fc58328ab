// SPDX-License-Identifier: Apache-2.0
#include "market/clauses.hpp"

#include "model/expression_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace cp::market {
namespace {

using model::Condition;
using model::Operator;

constexpr double kNothingDistance = 16;

void add_parts(const Condition& condition, std::vector<Condition>& parts) {
  if (condition.type != Condition::Type::conjunction) {
    parts.push_back(condition);
    return;
  }
  for (const Condition& part : condition.parts) {
    add_parts(part, parts);
  }
}

Clause clause_of(Condition condition) {
  Clause clause;
  clause.text = model::to_text(condition);
  clause.condition = std::move(condition);
  return clause;
}

Clause flag(Clause::Type type, std::string text) {
  Clause clause;
  clause.type = type;
  clause.text = std::move(text);
  return clause;
}

}  // namespace

std::vector<Clause> clauses_of(const Condition& condition, Terms terms, bool runnable_only) {
  std::vector<Condition> parts;
  add_parts(condition, parts);
  constexpr std::size_t most = kMostClauses - 3;
  if (parts.size() > most) {
    Condition rest;
    rest.parts.assign(parts.begin() + most - 1, parts.end());
    parts.resize(most - 1);
    parts.push_back(std::move(rest));
  }
  std::vector<Clause> clauses;
  for (Condition& part : parts) {
    clauses.push_back(clause_of(std::move(part)));
  }
  if (terms == Terms::spot) {
    clauses.push_back(flag(Clause::Type::spot, "--spot"));
  }
  if (runnable_only) {
    clauses.push_back(flag(Clause::Type::runnable, "--runnable"));
  }
  clauses.push_back(flag(Clause::Type::policy, "policy"));
  return clauses;
}

bool is_threshold(const Clause& clause) {
  const Condition& condition = clause.condition;
  return clause.type == Clause::Type::condition && condition.type == Condition::Type::comparison &&
         condition.other == nullptr && condition.field->scope != model::Scope::demand &&
         condition.field->kind != model::Kind::flops && condition.operation != Operator::equal &&
         condition.operation != Operator::not_equal;
}

std::optional<Clause> widened(const Clause& clause, const model::FieldValue& value) {
  Condition condition = clause.condition;
  const bool is_upper =
      condition.operation == Operator::less || condition.operation == Operator::less_equal;
  condition.operation = is_upper ? Operator::less_equal : Operator::greater_equal;
  model::Range range;
  if (const auto* const number = std::get_if<double>(&value)) {
    if (!is_upper && *number <= 0) {
      return std::nullopt;
    }
    range.low = *number;
  } else if (const auto* const money = std::get_if<Money>(&value)) {
    range.low = *money;
  } else {
    return clause;
  }
  range.high = range.low;
  condition.ranges = {std::move(range)};
  return clause_of(std::move(condition));
}

double distance(double limit, double value) {
  return limit > 0 && value > 0 ? std::min(std::abs(std::log2(value / limit)), kNothingDistance)
                                : kNothingDistance;
}

}  // namespace cp::market
