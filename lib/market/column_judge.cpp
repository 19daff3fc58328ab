// SPDX-License-Identifier: Apache-2.0
#include "market/column_judge.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "market/field_column.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <utility>

namespace cp::market {
namespace {

using model::Condition;
using model::Field;
using model::Json;
using model::Kind;
using model::Literal;
using model::Operator;
using model::Truth;

template <class T>
Truth holds(const T& left, Operator operation, const T& right) {
  switch (operation) {
    case Operator::equal:
      return model::truth_of(left == right);
    case Operator::not_equal:
      return model::truth_of(left != right);
    case Operator::less:
      return model::truth_of(left < right);
    case Operator::less_equal:
      return model::truth_of(left <= right);
    case Operator::greater:
      return model::truth_of(left > right);
    case Operator::greater_equal:
      break;
  }
  return model::truth_of(left >= right);
}

std::size_t steps_of(const Condition& condition) {
  std::size_t steps = 1;
  for (const Condition& part : condition.parts) {
    steps += steps_of(part);
  }
  return steps;
}

// Whether VALUE is what CONDITION, a comparison with literals or a membership, asks for.
Truth number_fits(double value, const Condition& condition) {
  if (condition.type == Condition::Type::comparison) {
    return holds(value, condition.operation, std::get<double>(condition.ranges.front().low));
  }
  Truth result = Truth::no;
  for (const model::Range& range : condition.ranges) {
    const double low = std::get<double>(range.low);
    const bool fits =
        range.is_one_value ? value == low : value >= low && value <= std::get<double>(range.high);
    result = model::either(result, model::truth_of(fits));
  }
  return result;
}

}  // namespace

/// Makes the nodes of a ColumnJudge.
class ColumnJudgeMaker {
 public:
  using Node = ColumnJudge::Node;
  using Number = ColumnJudge::Number;
  using Amount = ColumnJudge::Amount;
  using AmountTest = ColumnJudge::AmountTest;
  using CalculationStep = ColumnJudge::CalculationStep;

  ColumnJudgeMaker(const Snapshot& snapshot, const Demand& demand, Terms terms,
                   std::span<const SourceInfo> sources)
      : snapshot_(snapshot), demand_(demand), terms_(terms), sources_(sources) {}

  Result<Node> make(const Condition& condition) const {
    switch (condition.type) {
      case Condition::Type::negation:
        return joined(Node::Type::opposite, condition);
      case Condition::Type::conjunction:
        return joined(Node::Type::all, condition);
      case Condition::Type::disjunction:
        return joined(Node::Type::any, condition);
      case Condition::Type::comparison:
      case Condition::Type::membership:
      case Condition::Type::likeness:
        break;
      case Condition::Type::calculation:
        return calculation(condition);
    }
    return leaf(condition);
  }

 private:
  Result<Node> joined(Node::Type type, const Condition& condition) const {
    Node node;
    node.type = type;
    for (const Condition& part : condition.parts) {
      CP_TRY_ASSIGN(Node made, make(part));
      node.parts.push_back(std::move(made));
    }
    std::ranges::stable_sort(node.parts, {}, cost_of_part);
    return node;
  }

  // What is looked up costs less than what is computed; of that, what most values do not fulfil
  // leaves the least for the others.
  static double cost_of_part(const Node& part) {
    constexpr double dear = 2;
    switch (part.type) {
      case Node::Type::amounts:
        return 2 * dear;
      case Node::Type::calculation:
        return 3 * dear;
      case Node::Type::numbers:
        return dear;
      case Node::Type::table:
        return static_cast<double>(part.table.size() - static_cast<std::size_t>(std::ranges::count(
                                                           part.table, Truth::no))) /
               static_cast<double>(part.table.size());
      default:
        return 1;
    }
  }

  Result<Node> leaf(const Condition& condition) const {
    const Field& field = *condition.field;
    if (field.kind == Kind::money) {
      return amounts(condition);
    }
    const bool is_of_table = field.kind == Kind::flops;
    if (condition.other != nullptr) {
      return is_of_table ? calculation(as_calculation(condition)) : numbers(condition);
    }
    if (is_of_table) {
      return by_flops(condition);
    }
    if (field.name == "source") {
      return by_source(condition);
    }
    if (field.name == "price.terms" && terms_ == Terms::firm) {
      return by_text(condition, OfferColumn::terms);
    }
    const FieldColumn* found = column_of_field(field);
    if (found == nullptr) {
      return the_same_for_all(condition);
    }
    return field.kind == Kind::model ? by_model(condition)
           : is_text(found->column)  ? by_text(condition, found->column)
                                     : by_number(condition, found->column);
  }

  // The demand, and what catalogs never say.
  Result<Node> the_same_for_all(const Condition& condition) const {
    Json row{{"source", {{"trust", "unsigned"}}}, {"runnable", false}};
    if (terms_ == Terms::spot) {
      row["price"] = {{"terms", "spot"}};
    }
    Node node;
    node.truth = model::evaluate(condition, row, demand_.document());
    return node;
  }

  Node table_of(OfferColumn column) const {
    Node node;
    node.type = Node::Type::table;
    node.column = column;
    node.table.assign(snapshot_.values(column) + kFirstCode, Truth::no);
    node.table[kUnknownCode] = Truth::unknown;
    return node;
  }

  Result<Node> by_number(const Condition& condition, OfferColumn column) const {
    Node node = table_of(column);
    CP_TRY_ASSIGN(const std::vector<double> values, snapshot_.numbers(column));
    for (std::size_t i = 0; i < values.size(); ++i) {
      node.table[i + kFirstCode] = number_fits(values[i], condition);
    }
    return node;
  }

  Result<Node> by_flops(const Condition& condition) const {
    Node node = table_of(OfferColumn::gpu_model);
    CP_TRY_ASSIGN(const std::vector<double> rates,
                  flops_by_code(snapshot_, condition.field->format()));
    for (std::size_t code = kFirstCode; code < rates.size(); ++code) {
      node.table[code] =
          std::isnan(rates[code]) ? Truth::unknown : number_fits(rates[code], condition);
    }
    return node;
  }

  Result<Node> by_source(const Condition& condition) const {
    Node node = table_of(OfferColumn::source);
    CP_TRY_ASSIGN(const std::vector<double> numbers, snapshot_.numbers(OfferColumn::source));
    for (const SourceInfo& source : sources_) {
      const Json row{{"source", {{"name", source.name}}}};
      const Truth truth = model::evaluate(condition, row, demand_.document());
      const auto at = std::ranges::lower_bound(numbers, static_cast<double>(source.number));
      if (at != numbers.end() && *at == static_cast<double>(source.number)) {
        node.table[static_cast<std::size_t>(at - numbers.begin()) + kFirstCode] = truth;
      }
    }
    return node;
  }

  Result<Node> by_model(const Condition& condition) const {
    Node node = table_of(OfferColumn::gpu_model);
    CP_TRY_ASSIGN(const Texts names, snapshot_.texts(OfferColumn::gpu_model));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Json row{
          {"node", {{"accelerators", Json::array({Json{{"model", std::string(names[i])}}})}}}};
      node.table[i + kFirstCode] = model::evaluate(condition, row, demand_.document());
    }
    return node;
  }

  Result<Node> by_text(const Condition& condition, OfferColumn column) const {
    Node node = table_of(column);
    if (condition.type == Condition::Type::likeness) {
      CP_TRY_ASSIGN(const Texts texts, snapshot_.texts(column));
      for (std::size_t i = 0; i < texts.size(); ++i) {
        node.table[i + kFirstCode] = model::truth_of(text::like(texts[i], condition.pattern));
      }
      return node;
    }
    // = and in find their texts; what is left is what != is after.
    const bool is_negated =
        condition.type == Condition::Type::comparison && condition.operation == Operator::not_equal;
    if (is_negated) {
      std::fill(node.table.begin() + kFirstCode, node.table.end(), Truth::yes);
    }
    for (const model::Range& range : condition.ranges) {
      CP_TRY_ASSIGN(const std::uint32_t code,
                    snapshot_.find(column, text::lower(std::get<std::string>(range.low))));
      if (code >= kFirstCode) {
        node.table[code] = is_negated ? Truth::no : Truth::yes;
      }
    }
    return node;
  }

  // --- two fields

  Result<Node> numbers(const Condition& condition) const {
    Node node;
    node.type = Node::Type::numbers;
    node.operation = condition.operation;
    for (const Field* field : {condition.field, condition.other}) {
      CP_TRY_ASSIGN(Number side, number(*field));
      node.sides.push_back(std::move(side));
    }
    return node;
  }

  Result<Number> number(const Field& field) const {
    Number number;
    if (const FieldColumn* found = column_of_field(field)) {
      number.column = found->column;
      CP_TRY_ASSIGN(number.values, snapshot_.numbers(*number.column));
    } else if (field.scope == model::Scope::demand) {
      number.constant = model::number_at(demand_.document(), field.path);
    }
    return number;
  }

  // --- calculations

  // Two fields against each other.
  static Condition as_calculation(const Condition& condition) {
    Condition calculation;
    calculation.type = Condition::Type::calculation;
    calculation.operation = condition.operation;
    for (const Field* field : {condition.field, condition.other}) {
      model::Step step;
      step.type = model::Step::Type::field;
      step.field = field;
      calculation.sides.push_back({step});
    }
    return calculation;
  }

  Result<Node> calculation(const Condition& condition) const {
    Node node;
    node.type = Node::Type::calculation;
    node.operation = condition.operation;
    for (const model::Calculation& side : condition.sides) {
      std::vector<CalculationStep>& steps = node.calculations.emplace_back();
      for (const model::Step& step : side) {
        CP_TRY_ASSIGN(CalculationStep made, calculation_step(step));
        steps.push_back(std::move(made));
      }
    }
    const std::vector<std::string> currencies = model::currencies_of(condition.sides);
    node.is_of_currency = currencies.size() > 1 ||
                          (currencies.size() == 1 && model::has_money_field(condition.sides));
    if (currencies.size() == 1 && node.is_of_currency) {
      CP_TRY_ASSIGN(const std::uint32_t code,
                    snapshot_.find(OfferColumn::currency, currencies.front()));
      if (code >= kFirstCode) {
        node.currency = code;
      }
    }
    return node;
  }

  Result<CalculationStep> calculation_step(const model::Step& step) const {
    CalculationStep made;
    made.type = step.type;
    made.constant = step.number;
    if (step.type != model::Step::Type::field) {
      return made;
    }
    const Field& field = *step.field;
    made.constant = std::numeric_limits<double>::quiet_NaN();
    made.price = ColumnPrice::kind_of(field);
    if (field.kind == Kind::flops) {
      made.column = OfferColumn::gpu_model;
      CP_TRY_ASSIGN(made.values, flops_by_code(snapshot_, field.format()));
    } else if (const FieldColumn* found = column_of_field(field)) {
      made.column = found->column;
      made.values.assign(kFirstCode, made.constant);
      CP_TRY_ASSIGN(const std::vector<double> numbers, snapshot_.numbers(found->column));
      for (const double number : numbers) {
        made.values.push_back(model::in_calculation(field.kind, number));
      }
    } else if (field.scope == model::Scope::demand) {
      const auto number = model::number_at(demand_.document(), field.path);
      made.constant = number ? model::in_calculation(field.kind, *number) : made.constant;
    }
    return made;
  }

  // --- amounts

  Result<Node> amounts(const Condition& condition) const {
    Node node;
    node.type = Node::Type::amounts;
    node.price = *ColumnPrice::kind_of(*condition.field);
    if (condition.other != nullptr) {
      AmountTest test{condition.operation, {}};
      test.right.kind = ColumnPrice::kind_of(*condition.other);
      node.amounts.push_back({test});
      return node;
    }
    for (const model::Range& range : condition.ranges) {
      std::vector<AmountTest> tests;
      if (range.is_one_value) {
        const bool is_membership = condition.type == Condition::Type::membership;
        CP_TRY_ASSIGN(const AmountTest test,
                      against(is_membership ? Operator::equal : condition.operation, range.low));
        tests = {test};
      } else {
        CP_TRY_ASSIGN(const AmountTest low, against(Operator::greater_equal, range.low));
        CP_TRY_ASSIGN(const AmountTest high, against(Operator::less_equal, range.high));
        tests = {low, high};
      }
      node.amounts.push_back(std::move(tests));
    }
    return node;
  }

  Result<AmountTest> against(Operator operation, const Literal& literal) const {
    const auto& money = std::get<Money>(literal);
    AmountTest test{operation, {}};
    test.right.constant = nanos_of(money.amount);
    CP_TRY_ASSIGN(const std::uint32_t code, snapshot_.find(OfferColumn::currency, money.currency));
    if (code >= kFirstCode) {
      test.right.currency = code;
    }
    return test;
  }

  const Snapshot& snapshot_;
  const Demand& demand_;
  Terms terms_;
  std::span<const SourceInfo> sources_;
};

Result<ColumnJudge> ColumnJudge::make(const Condition& condition, const Snapshot& snapshot,
                                      const ColumnPrice& price, const Demand& demand, Terms terms,
                                      std::span<const SourceInfo> sources) {
  if (steps_of(condition) > limits::expression_steps) {
    return fail(Errc::unavailable, "the expression has too many parts");
  }
  CP_TRY_ASSIGN(Node root, ColumnJudgeMaker(snapshot, demand, terms, sources).make(condition));
  return ColumnJudge(std::move(root), price);
}

Result<void> ColumnJudge::select(ChunkReader& reader, std::vector<std::uint16_t>& rows,
                                 Truths& truths) const {
  const bool is_all = root_.type == Node::Type::all;
  const std::span<const Node> parts = is_all ? std::span(root_.parts) : std::span(&root_, 1);
  truths.assign(rows.size(), Truth::yes);
  Truths part_truths;
  for (const Node& part : parts) {
    if (rows.empty()) {
      break;
    }
    CP_TRY(judge(part, reader, rows, part_truths));
    std::size_t left = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Truth truth = model::both(truths[i], part_truths[i]);
      rows[left] = rows[i];
      truths[left] = truth;
      left += truth == Truth::no ? 0U : 1U;
    }
    rows.resize(left);
    truths.resize(left);
  }
  return {};
}

Result<void> ColumnJudge::judge(ChunkReader& reader, ChunkRows rows, Truths& out) const {
  return judge(root_, reader, rows, out);
}

Result<void> ColumnJudge::judge(const Node& node, ChunkReader& reader, ChunkRows rows,
                                Truths& out) const {
  switch (node.type) {
    case Node::Type::constant:
      out.assign(rows.size(), node.truth);
      return {};
    case Node::Type::table: {
      std::vector<std::uint32_t> codes;
      CP_TRY(reader.codes(node.column, rows, codes));
      out.resize(rows.size());
      std::ranges::transform(codes, out.begin(),
                             [&](std::uint32_t code) { return node.table[code]; });
      return {};
    }
    case Node::Type::opposite:
      CP_TRY(judge(node.parts.front(), reader, rows, out));
      std::ranges::transform(out, out.begin(), model::opposite);
      return {};
    case Node::Type::numbers:
      return judge_numbers(node, reader, rows, out);
    case Node::Type::calculation:
      return judge_calculation(node, reader, rows, out);
    case Node::Type::amounts:
      return judge_amounts(node, reader, rows, out);
    case Node::Type::all:
    case Node::Type::any:
      break;
  }
  return judge_parts(node, reader, rows, out);
}

// Each part is asked only of the rows that the parts before it have not settled.
Result<void> ColumnJudge::judge_parts(const Node& node, ChunkReader& reader, ChunkRows rows,
                                      Truths& out) const {
  const bool is_all = node.type == Node::Type::all;
  const Truth settled = is_all ? Truth::no : Truth::yes;
  out.assign(rows.size(), is_all ? Truth::yes : Truth::no);
  std::vector<std::uint16_t> open(rows.begin(), rows.end());
  std::vector<std::uint16_t> places(rows.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<std::uint16_t>(i);
  }
  Truths truths;
  for (const Node& part : node.parts) {
    if (open.empty()) {
      break;
    }
    CP_TRY(judge(part, reader, open, truths));
    std::size_t left = 0;
    for (std::size_t i = 0; i < truths.size(); ++i) {
      Truth& result = out[places[i]];
      result = is_all ? model::both(result, truths[i]) : model::either(result, truths[i]);
      places[left] = places[i];
      open[left] = open[i];
      left += result == settled ? 0U : 1U;
    }
    places.resize(left);
    open.resize(left);
  }
  return {};
}

Result<void> ColumnJudge::judge_numbers(const Node& node, ChunkReader& reader, ChunkRows rows,
                                        Truths& out) const {
  std::array<std::vector<std::uint32_t>, 2> codes;
  for (std::size_t side = 0; side < codes.size(); ++side) {
    if (node.sides[side].column) {
      CP_TRY(reader.codes(*node.sides[side].column, rows, codes[side]));
    }
  }
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::array<std::optional<double>, 2> values;
    bool has_no_accelerator = false;
    for (std::size_t side = 0; side < codes.size(); ++side) {
      const Number& number = node.sides[side];
      const std::uint32_t code = number.column ? codes[side][i] : kUnknownCode;
      has_no_accelerator = has_no_accelerator || code == kNoAcceleratorCode;
      values[side] =
          code >= kFirstCode ? std::optional(number.values[code - kFirstCode]) : number.constant;
    }
    out[i] = has_no_accelerator       ? Truth::no
             : values[0] && values[1] ? holds(*values[0], node.operation, *values[1])
                                      : Truth::unknown;
  }
  return {};
}

Result<void> ColumnJudge::judge_calculation(const Node& node, ChunkReader& reader, ChunkRows rows,
                                            Truths& out) const {
  std::vector<bool> has_none(rows.size(), false);
  CP_TRY_ASSIGN(const auto left, calculate(node.calculations.front(), reader, rows, has_none));
  CP_TRY_ASSIGN(const auto right, calculate(node.calculations.back(), reader, rows, has_none));
  std::vector<std::uint32_t> currencies;
  if (node.is_of_currency) {
    CP_TRY(reader.codes(OfferColumn::currency, rows, currencies));
  }
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_foreign = node.is_of_currency && currencies[i] != node.currency;
    out[i] = has_none[i] ? Truth::no
             : is_foreign || std::isnan(left[i]) || std::isnan(right[i])
                 ? Truth::unknown
                 : holds(left[i], node.operation, right[i]);
  }
  return {};
}

Result<std::vector<double>> ColumnJudge::calculate(const std::vector<CalculationStep>& steps,
                                                   ChunkReader& reader, ChunkRows rows,
                                                   std::vector<bool>& has_none) const {
  std::vector<std::vector<double>> stack;
  for (const CalculationStep& step : steps) {
    if (step.type == model::Step::Type::number || step.type == model::Step::Type::field) {
      CP_TRY_ASSIGN(auto values, values_of(step, reader, rows, has_none));
      stack.push_back(std::move(values));
      continue;
    }
    const std::vector<double> right = std::move(stack.back());
    stack.pop_back();
    std::ranges::transform(stack.back(), right, stack.back().begin(),
                           [&](double a, double b) { return model::calculated(step.type, a, b); });
  }
  return std::move(stack.back());
}

Result<std::vector<double>> ColumnJudge::values_of(const CalculationStep& step, ChunkReader& reader,
                                                   ChunkRows rows,
                                                   std::vector<bool>& has_none) const {
  std::vector<double> values(rows.size(), step.constant);
  if (step.column) {
    std::vector<std::uint32_t> codes;
    CP_TRY(reader.codes(*step.column, rows, codes));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      has_none[i] = has_none[i] || codes[i] == kNoAcceleratorCode;
      values[i] = step.values[codes[i]];
    }
  } else if (step.price) {
    std::vector<Nanos> nanos;
    CP_TRY(price_.read(*step.price, reader, rows, nanos));
    constexpr double nano = 1e9;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      values[i] = nanos[i] == kUnknownNanos ? step.constant : static_cast<double>(nanos[i]) / nano;
    }
  }
  return values;
}

Result<void> ColumnJudge::judge_amounts(const Node& node, ChunkReader& reader, ChunkRows rows,
                                        Truths& out) const {
  std::vector<Nanos> left;
  CP_TRY(price_.read(node.price, reader, rows, left));
  out.assign(rows.size(), Truth::no);
  Truths one;
  for (const auto& tests : node.amounts) {
    Truths all(rows.size(), Truth::yes);
    for (const AmountTest& test : tests) {
      CP_TRY(judge_test(test, left, reader, rows, one));
      std::ranges::transform(all, one, all.begin(), model::both);
    }
    std::ranges::transform(out, all, out.begin(), model::either);
  }
  return {};
}

Result<void> ColumnJudge::judge_test(const AmountTest& test, std::span<const Nanos> left,
                                     ChunkReader& reader, ChunkRows rows, Truths& out) const {
  out.assign(rows.size(), Truth::unknown);
  if (test.right.kind) {
    std::vector<Nanos> right;
    CP_TRY(price_.read(*test.right.kind, reader, rows, right));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (left[i] != kUnknownNanos && right[i] != kUnknownNanos) {
        out[i] = holds(left[i], test.operation, right[i]);
      }
    }
    return {};
  }
  if (!test.right.currency) {
    return {};
  }
  std::vector<std::uint32_t> currencies;
  CP_TRY(reader.codes(OfferColumn::currency, rows, currencies));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (left[i] != kUnknownNanos && currencies[i] == *test.right.currency) {
      out[i] = holds(left[i], test.operation, test.right.constant);
    }
  }
  return {};
}

}  // namespace cp::market
