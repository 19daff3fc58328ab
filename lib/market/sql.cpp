// SPDX-License-Identifier: Apache-2.0
#include "market/sql.hpp"

#include "market/amounts.hpp"
#include "market/field_column.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
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

// The column that FIELD stands in as it is; empty when there is none.
std::string_view column_of(const Field& field) {
  const FieldColumn* const found = column_of_field(field);
  return found == nullptr ? std::string_view{} : found->sql;
}

std::string_view sign_of(Operator operation) {
  constexpr std::array<std::string_view, 6> signs{" = ", " <> ", " < ", " <= ", " > ", " >= "};
  return signs[static_cast<std::size_t>(operation)];
}

std::string_view word_of(Truth truth) {
  return truth == Truth::yes ? "1" : truth == Truth::no ? "0" : "NULL";
}

// The pattern of the language as one of SQL's LIKE, which ignores the case of ASCII as well.
std::string like_pattern(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '*') {
      out.push_back('%');
      continue;
    }
    if (c == '%' || c == '_' || c == '\\') {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out;
}

// Whether it is false of a node without accelerators; their number is known to be 0 then.
bool needs_accelerator(const Field* field) {
  return field != nullptr && field->is_of_accelerator() && field->name != "gpu.count";
}
bool needs_accelerator(const Condition& condition) {
  const auto in_calculation = [](const model::Calculation& side) {
    return std::ranges::any_of(
        side, [](const model::Step& step) { return needs_accelerator(step.field); });
  };
  return needs_accelerator(condition.field) || needs_accelerator(condition.other) ||
         std::ranges::any_of(condition.sides, in_calculation);
}

int depth_of(const Condition& condition) {
  int deepest = 0;
  for (const Condition& part : condition.parts) {
    deepest = std::max(deepest, depth_of(part));
  }
  return deepest + 1;
}

// How deep the parentheses of SQL are nested.
int depth_of(std::string_view sql) {
  int depth = 0;
  int deepest = 0;
  for (const char c : sql) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

Sql list_of(const std::vector<std::string>& texts) {
  Sql sql{"(", {}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    sql += i == 0 ? "" : ",";
    sql.add(texts[i]);
  }
  return sql += ")";
}

}  // namespace

Sql& Sql::operator+=(const Sql& more) {
  text += more.text;
  values.insert(values.end(), more.values.begin(), more.values.end());
  return *this;
}

void bind(store::Statement& statement, const Sql& sql) {
  int index = 0;
  for (const auto& value : sql.values) {
    ++index;
    std::visit([&](const auto& typed) { statement.bind(index, typed); }, value);
  }
}

Sql SqlTranslator::is_known(const Condition& condition) const {
  Sql sql{"(1", {}};
  for (const Condition& part : condition.parts) {
    (sql += " AND ") += is_known(part);
  }
  if (condition.type == Condition::Type::calculation) {
    ((sql += " AND (") += leaf(condition)) += ") IS NOT NULL";
    return sql += ")";
  }
  if (condition.field == nullptr) {
    return sql += ")";
  }
  const std::string_view column = column_of(*condition.field);
  const bool is_plain =
      !column.empty() && condition.field->kind != Kind::model && condition.other == nullptr;
  if (!is_plain) {
    ((sql += " AND (") += leaf(condition)) += ") IS NOT NULL";
    return sql += ")";
  }
  sql += needs_accelerator(condition) ? " AND (gpu_model IS NULL OR " : " AND (";
  return sql += fmt::format("{} IS NOT NULL))", column);
}

bool SqlTranslator::can_say(const Condition& condition) const {
  // SQLite's parser has a stack of 100 symbols, of which a level of parentheses takes up to three
  // and a price twenty; and it takes up to 32,766 values.
  constexpr int deepest = 20;
  constexpr std::size_t most_values = 10'000;
  if (depth_of(condition) > deepest) {
    return false;
  }
  const Sql sql = truth(condition);
  return depth_of(sql.text) <= deepest && sql.values.size() <= most_values;
}

Sql SqlTranslator::truth(const Condition& condition) const {
  switch (condition.type) {
    case Condition::Type::negation: {
      Sql sql{"NOT ", {}};
      return sql += truth(condition.parts.front());
    }
    case Condition::Type::conjunction:
      return condition.parts.empty() ? Sql{"1", {}} : joined(condition.parts, " AND ");
    case Condition::Type::disjunction:
      return joined(condition.parts, " OR ");
    case Condition::Type::comparison:
    case Condition::Type::membership:
    case Condition::Type::likeness:
    case Condition::Type::calculation:
      break;
  }
  return leaf(condition);
}

// In halves, since SQLite takes a long chain for a deep tree.
Sql SqlTranslator::joined(std::span<const Condition> parts, std::string_view word) const {
  if (parts.size() == 1) {
    return truth(parts.front());
  }
  Sql sql{"(", {}};
  sql += joined(parts.first(parts.size() / 2), word);
  sql += word;
  sql += joined(parts.subspan(parts.size() / 2), word);
  return sql += ")";
}

Sql SqlTranslator::leaf(const Condition& condition) const {
  if (condition.type == Condition::Type::calculation) {
    Sql guarded{needs_accelerator(condition) ? "CASE WHEN gpu_model IS NULL THEN 0 ELSE (" : "(",
                {}};
    guarded += calculated(condition);
    return guarded += needs_accelerator(condition) ? ") END" : ")";
  }
  const Field& field = *condition.field;
  if (field.name == "source" && condition.other == nullptr) {
    return by_source(condition);
  }
  if (field.kind == Kind::model) {
    return by_model(condition);
  }
  if (value(field).text == "NULL" && condition.other == nullptr) {
    // What is the same for every row: the demand, and what catalogs never say.
    const Json row{{"source", {{"trust", "unsigned"}}}, {"runnable", false}};
    return {std::string(word_of(model::evaluate(condition, row, demand_.document()))), {}};
  }
  Sql sql = compared(condition);
  if (needs_accelerator(condition)) {
    Sql guarded{"CASE WHEN gpu_model IS NULL THEN 0 ELSE ", {}};
    guarded += sql;
    return guarded += " END";
  }
  return sql;
}

Sql SqlTranslator::compared(const Condition& condition) const {
  const Sql left = value(*condition.field);
  Sql sql;
  if (condition.type == Condition::Type::likeness) {
    const std::string pattern = like_pattern(condition.pattern);
    sql = left;
    (sql += " LIKE ").add(pattern);
    // SQLite reads the character of ESCAPE again for each row.
    sql += pattern.find('\\') == std::string::npos ? "" : " ESCAPE '\\'";
  } else if (condition.other != nullptr) {
    sql = left;
    (sql += sign_of(condition.operation)) += value(*condition.other);
  } else if (condition.type == Condition::Type::comparison) {
    sql = comparison(left, condition.operation, condition.ranges.front().low);
  } else {
    sql = in_ranges(left, condition.ranges);
  }
  Sql whole{"(", {}};
  return (whole += sql) += ")";
}

// All amounts are in one currency, or nothing is known.
Sql SqlTranslator::calculated(const Condition& condition) const {
  const std::vector<std::string> currencies = model::currencies_of(condition.sides);
  Sql sql;
  if (currencies.size() > 1) {
    return {"NULL", {}};
  }
  const bool has_condition = currencies.size() == 1 && model::has_money_field(condition.sides);
  if (has_condition) {
    ((sql += "CASE WHEN currency = ").add(currencies.front())) += " THEN ";
  }
  sql += side(condition.sides.front());
  sql += sign_of(condition.operation);
  sql += side(condition.sides.back());
  return sql += has_condition ? " END" : "";
}

// A division by zero is NULL to SQLite, and what is not finite is made so.
Sql SqlTranslator::side(const model::Calculation& calculation) const {
  std::vector<Sql> stack;
  for (const model::Step& step : calculation) {
    if (step.type == model::Step::Type::number) {
      stack.emplace_back().add(step.number);
    } else if (step.type == model::Step::Type::field) {
      stack.push_back(number(*step.field));
    } else {
      const Sql right = std::move(stack.back());
      stack.pop_back();
      constexpr std::array<std::string_view, 4> signs{" + ", " - ", " * ", " / "};
      const auto sign =
          static_cast<std::size_t>(step.type) - static_cast<std::size_t>(model::Step::Type::add);
      Sql sql{"nullif(nullif(", {}};
      ((sql += stack.back()) += signs.at(sign)) += right;
      stack.back() = std::move(sql += ", 9e999), -9e999)");
    }
  }
  return stack.back();
}

// The value of FIELD as it is calculated with.
Sql SqlTranslator::number(const Field& field) const {
  const bool is_plain = field.kind == Kind::number || field.kind == Kind::bytes ||
                        field.kind == Kind::duration || field.kind == Kind::flops;
  const double unit = field.kind == Kind::money ? static_cast<double>(kNano) : 8;
  Sql sql{"(CAST(", {}};
  (sql += value(field)) += " AS REAL)";
  return sql += is_plain ? ")" : fmt::format(" / {:.1f})", unit);
}

// NULL in brackets is one of each row, and not the same for all.
Sql SqlTranslator::flops(const Field& field) const {
  Sql sql;
  for (const std::string& name : models_) {
    const auto rate = name.empty()
                          ? std::nullopt
                          : model::AcceleratorName::recognise(name).tera_flops(field.format());
    if (rate) {
      ((sql += " WHEN ").add(name) += " THEN ").add(*rate);
    }
  }
  if (sql.text.empty()) {
    return {"(NULL)", {}};
  }
  Sql whole{"CASE gpu_model", {}};
  return (whole += sql) += " END";
}

Sql SqlTranslator::in_ranges(const Sql& left, std::span<const model::Range> ranges) const {
  if (ranges.size() == 1) {
    return range(left, ranges.front());
  }
  Sql sql{"(", {}};
  sql += in_ranges(left, ranges.first(ranges.size() / 2));
  sql += " OR ";
  sql += in_ranges(left, ranges.subspan(ranges.size() / 2));
  return sql += ")";
}

Sql SqlTranslator::range(const Sql& left, const model::Range& range) const {
  if (range.is_one_value) {
    return comparison(left, Operator::equal, range.low);
  }
  Sql sql{"(", {}};
  sql += comparison(left, Operator::greater_equal, range.low);
  sql += " AND ";
  sql += comparison(left, Operator::less_equal, range.high);
  return sql += ")";
}

Sql SqlTranslator::comparison(const Sql& left, Operator operation, const Literal& right) const {
  Sql sql;
  const auto* const amount = std::get_if<Money>(&right);
  if (amount != nullptr) {
    ((sql += "CASE WHEN currency = ").add(amount->currency)) += " THEN ";
  }
  (sql += left) += sign_of(operation);
  if (amount != nullptr) {
    // What is past the billions of a price is a product, which SQLite then counts in binary64.
    if (const auto nanos = to_nanos(amount->amount)) {
      sql.add(*nanos);
    } else {
      sql.add(amount->amount.to_double() * static_cast<double>(kNano));
    }
    return sql += " END";
  }
  if (const auto* const text = std::get_if<std::string>(&right)) {
    return sql.add(*text) += " COLLATE NOCASE";
  }
  if (const auto* const number = std::get_if<double>(&right)) {
    // Most columns are whole: SQLite compares two integers in half the time.
    constexpr double exact = 9007199254740992;
    if (*number == std::floor(*number) && std::abs(*number) <= exact) {
      return sql.add(static_cast<std::int64_t>(*number));
    }
    return sql.add(*number);
  }
  return sql += std::get<bool>(right) ? "1" : "0";
}

std::vector<std::string> SqlTranslator::models_where(const Condition& condition,
                                                     Truth truth) const {
  std::vector<std::string> found;
  for (const std::string& name : models_) {
    const Json row{{"node", {{"accelerators", Json::array({Json{{"model", name}}})}}}};
    if (!name.empty() && model::evaluate(condition, row, demand_.document()) == truth) {
      found.push_back(name);
    }
  }
  return found;
}

Sql SqlTranslator::by_model(const Condition& condition) const {
  Sql sql{"CASE WHEN gpu_model IN ", {}};
  sql += list_of(models_where(condition, Truth::yes));
  std::vector<std::string> unknown = models_where(condition, Truth::unknown);
  unknown.emplace_back();
  (sql += " THEN 1 WHEN gpu_model IN ") += list_of(unknown);
  return sql += " THEN NULL ELSE 0 END";
}

Sql SqlTranslator::by_source(const Condition& condition) const {
  std::string numbers;
  for (const SourceInfo& source : sources_) {
    const Json row{{"source", {{"name", source.name}}}};
    if (model::evaluate(condition, row, demand_.document()) == Truth::yes) {
      numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", source.number);
    }
  }
  return {fmt::format("(row >> {} IN ({}))", Cache::kRowBits, numbers), {}};
}

bool SqlTranslator::is_of_run(const Condition& condition) {
  constexpr std::array<std::string_view, 5> columns{"cpus", "memory", "gpu.count", "gpu.model",
                                                    "gpu.memory"};
  const auto fields = model::fields_of(condition);
  return std::all_of(fields.begin(), fields.end(), [&](const Field* field) {
    return field->scope == model::Scope::demand ||
           std::find(columns.begin(), columns.end(), field->name) != columns.end();
  });
}

Sql SqlTranslator::necessary(const Condition& condition) const {
  if (condition.type == Condition::Type::conjunction) {
    Sql best;
    for (const Condition& part : condition.parts) {
      Sql sql = necessary(part);
      if (best.text.empty() || !sql.values.empty()) {
        best = sql.text.empty() ? std::move(best) : std::move(sql);
      }
    }
    return best;
  }
  const bool is_leaf =
      condition.type != Condition::Type::disjunction && condition.type != Condition::Type::negation;
  if (!is_leaf || !needs_accelerator(condition)) {
    return {};
  }
  if (condition.field == nullptr || condition.field->kind != Kind::model) {
    return {"gpu_model IS NOT NULL", {}};
  }
  std::vector<std::string> names = models_where(condition, Truth::yes);
  for (std::string& name : models_where(condition, Truth::unknown)) {
    names.push_back(std::move(name));
  }
  names.emplace_back();
  Sql sql{"gpu_model IN ", {}};
  return sql += list_of(names);
}

Sql SqlTranslator::value(const Field& field) const {
  if (const std::string_view column = column_of(field); !column.empty()) {
    return {std::string(column), {}};
  }
  if (field.kind == Kind::flops) {
    return flops(field);
  }
  if (field.name == "price.hour") {
    return hour();
  }
  if (field.name == "price.card_hour") {
    return card_hour();
  }
  if (field.name == "price.job") {
    return job();
  }
  if (field.name == "price.terms") {
    return {terms_ == Terms::spot ? "'spot'" : "terms", {}};
  }
  Sql sql;
  if (const auto number = model::number_at(demand_.document(), field.path);
      field.scope == model::Scope::demand && number) {
    return sql.add(*number);
  }
  return {"NULL", {}};
}

// The same sums as quote() does, in whole billionths.
Sql SqlTranslator::hour() const {
  Sql sql{terms_ == Terms::spot ? "(spot" : "(price", {}};
  sql += " * CASE unit WHEN 0 THEN 1 WHEN 1 THEN ";
  if (demand_.cards()) {
    sql.add(*demand_.cards());
  } else {
    sql += "CASE WHEN gpu_count = 0 OR gpu_count >= 1 THEN CAST(gpu_count AS INTEGER) END";
  }
  sql += " ELSE ";
  if (demand_.cpus()) {
    sql.add(*demand_.cpus());
  } else {
    sql += "cpus";
  }
  sql += " END";
  if (demand_.nodes() != 1) {
    (sql += " * ").add(demand_.nodes());
  }
  return sql += ")";
}

Sql SqlTranslator::card_hour() const {
  const std::string price = terms_ == Terms::spot ? "spot" : "price";
  return {fmt::format("CASE unit WHEN 1 THEN {0} WHEN 0 THEN CASE WHEN gpu_count >= 1 THEN "
                      "{0} / CAST(gpu_count AS INTEGER) + ({0} % CAST(gpu_count AS INTEGER) + "
                      "CAST(gpu_count AS INTEGER) / 2) / CAST(gpu_count AS INTEGER) END END",
                      price),
          {}};
}

Sql SqlTranslator::job() const {
  if (!demand_.duration_s()) {
    return {"NULL", {}};
  }
  const auto seconds = static_cast<std::int64_t>(std::ceil(*demand_.duration_s()));
  const std::string billed = fmt::format(
      "max(CASE WHEN quantum_s > 1 THEN ({0} + quantum_s - 1) / quantum_s * quantum_s ELSE {0} "
      "END, minimum_s)",
      seconds);
  // Whole hours of billionths first, so that only a result that does not fit overflows.
  Sql sql{"(", {}};
  sql += hour();
  sql += " / 3600 * " + billed + " + (";
  sql += hour();
  sql += " % 3600 * " + billed + " + 1800) / 3600)";
  return sql;
}

}  // namespace cp::market
