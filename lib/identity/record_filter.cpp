// SPDX-License-Identifier: Apache-2.0
#include "identity/record_filter.hpp"

#include "base/text.hpp"

#include <array>

namespace cp::identity {
namespace {

using model::Condition;
using model::Field;
using model::Kind;
using model::Literal;
using model::Operator;

// SQLite's parser takes so many nested levels with ease.
constexpr int kMaxDepth = 16;

RecordFilter everything() { return {}; }
bool is_everything(const RecordFilter& filter) { return filter.sql == "1"; }

void append(RecordFilter& filter, const RecordFilter& more) {
  filter.sql += more.sql;
  filter.values.insert(filter.values.end(), more.values.begin(), more.values.end());
}

bool is_numeric(Kind kind) {
  return kind == Kind::number || kind == Kind::bytes || kind == Kind::rate ||
         kind == Kind::duration;
}

// The value of FIELD in SQL, an empty text being none; "" where it has no plain path.
std::string value_of_field(const Field& field) {
  const bool is_plain = field.scope == model::Scope::resource &&
                        field.path.find('[') == std::string_view::npos &&
                        (is_numeric(field.kind) || field.kind == Kind::text);
  if (!is_plain) {
    return "";
  }
  std::string sql = "coalesce(";
  for (const std::string_view path : text::split(field.path, '|')) {
    sql += fmt::format("nullif(json_extract(document, '$.{}'), ''), ", path);
  }
  return sql + "NULL)";
}

RecordFilter compared(const std::string& value, Operator operation, const Literal& right) {
  constexpr std::array<std::string_view, 6> signs{" = ?",  " <> ?", " < ?",
                                                  " <= ?", " > ?",  " >= ?"};
  if (const auto* number = std::get_if<double>(&right)) {
    return {value + std::string(signs[static_cast<std::size_t>(operation)]), {*number}};
  }
  const auto* text = std::get_if<std::string>(&right);
  return text != nullptr && operation == Operator::equal
             ? RecordFilter{value + " = ? COLLATE NOCASE", {*text}}
             : everything();
}

RecordFilter in_range(const std::string& value, const model::Range& range) {
  if (range.is_one_value) {
    return compared(value, Operator::equal, range.low);
  }
  RecordFilter filter = compared(value, Operator::greater_equal, range.low);
  const RecordFilter high = compared(value, Operator::less_equal, range.high);
  if (is_everything(filter) || is_everything(high)) {
    return everything();
  }
  filter.sql += " AND ";
  append(filter, high);
  return filter;
}

RecordFilter joined(const std::vector<RecordFilter>& parts, std::string_view word) {
  RecordFilter filter{"(", {}};
  for (const RecordFilter& part : parts) {
    filter.sql += filter.sql.size() == 1 ? "" : std::string(word);
    filter.sql += "(";
    append(filter, part);
    filter.sql += ")";
  }
  filter.sql += ")";
  return parts.empty() ? everything() : filter;
}

RecordFilter leaf(const Condition& condition) {
  constexpr std::size_t kMostItems = 64;
  const Field& field = *condition.field;
  if (field.is_of_accelerator() && field.name != "gpu.count") {
    return {"json_array_length(document, '$.node.accelerators') > 0", {}};
  }
  const std::string value = value_of_field(field);
  if (value.empty() || condition.other != nullptr || condition.ranges.size() > kMostItems) {
    return everything();
  }
  if (condition.type == Condition::Type::comparison) {
    return compared(value, condition.operation, condition.ranges.front().low);
  }
  std::vector<RecordFilter> parts;
  for (const model::Range& range : condition.ranges) {
    parts.push_back(in_range(value, range));
    if (is_everything(parts.back())) {
      return everything();
    }
  }
  return joined(parts, " OR ");
}

RecordFilter filter_of(const Condition& condition, int depth) {
  const bool is_and = condition.type == Condition::Type::conjunction;
  if (depth > kMaxDepth || condition.type == Condition::Type::negation ||
      condition.type == Condition::Type::likeness ||
      condition.type == Condition::Type::calculation) {
    return everything();
  }
  if (!is_and && condition.type != Condition::Type::disjunction) {
    return leaf(condition);
  }
  std::vector<RecordFilter> parts;
  for (const Condition& part : condition.parts) {
    RecordFilter filter = filter_of(part, depth + 1);
    if (is_everything(filter) && !is_and) {
      return everything();
    }
    if (!is_everything(filter)) {
      parts.push_back(std::move(filter));
    }
  }
  return joined(parts, is_and ? " AND " : " OR ");
}

}  // namespace

void RecordFilter::bind(store::Statement& statement, int first) const {
  for (const auto& value : values) {
    std::visit([&](const auto& typed) { statement.bind(first, typed); }, value);
    ++first;
  }
}

RecordFilter filter_for(const Condition& condition) {
  // The parser takes only so long a chain, and a statement only so many values.
  constexpr std::size_t kMostValues = 500;
  RecordFilter filter = filter_of(condition, 0);
  return filter.values.size() > kMostValues ? everything() : filter;
}

}  // namespace cp::identity
