// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/demand.hpp"
#include "market/quote.hpp"
#include "model/expression.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cp::market {

/// A piece of SQL and the values of its question marks, in order.
struct Sql {
  std::string text;
  std::vector<std::variant<std::int64_t, double, std::string>> values;

  Sql& operator+=(std::string_view more) {
    text += more;
    return *this;
  }
  Sql& operator+=(const Sql& more);
  /// Appends a question mark for VALUE.
  template <class T>
  Sql& add(T value) {
    text += '?';
    values.emplace_back(std::move(value));
    return *this;
  }
};

/// Binds SQL's values to STATEMENT from 1 on.
void bind(store::Statement& statement, const Sql& sql);

/// Says conditions and fields in SQL over the rows of the cache, with the meaning that
/// model::evaluate gives them: 1 is true, 0 false, NULL unknown.
class SqlTranslator {
 public:
  /// MODELS are the accelerators that rows have, SOURCES those that are in the cache. Borrows all.
  SqlTranslator(const Demand& demand, Terms terms, const std::vector<std::string>& models,
                const std::vector<SourceInfo>& sources)
      : demand_(demand), terms_(terms), models_(models), sources_(sources) {}

  Sql truth(const model::Condition& condition) const;

  /// Whether nothing that CONDITION asks for is unknown, so that it is true where it is not false;
  /// cheaper than its truth.
  Sql is_known(const model::Condition& condition) const;

  /// Whether SQLite can take CONDITION: it bounds the depth of a statement and the number of
  /// values.
  bool can_say(const model::Condition& condition) const;

  /// Whether CONDITION is judged by the columns of a run of rows alone.
  static bool is_of_run(const model::Condition& condition);

  /// What rows for which CONDITION is not false fulfil at least, in a form that finds them by an
  /// index; empty when there is none.
  Sql necessary(const model::Condition& condition) const;

  /// The value of FIELD, NULL when it is not known; money in billionths of the row's currency.
  Sql value(const model::Field& field) const;

 private:
  Sql joined(std::span<const model::Condition> parts, std::string_view word) const;
  Sql leaf(const model::Condition& condition) const;
  Sql compared(const model::Condition& condition) const;
  Sql calculated(const model::Condition& condition) const;
  Sql side(const model::Calculation& calculation) const;
  Sql number(const model::Field& field) const;
  Sql flops(const model::Field& field) const;
  Sql in_ranges(const Sql& left, std::span<const model::Range> ranges) const;
  Sql range(const Sql& left, const model::Range& range) const;
  Sql comparison(const Sql& left, model::Operator operation, const model::Literal& right) const;
  Sql by_model(const model::Condition& condition) const;
  Sql by_source(const model::Condition& condition) const;
  std::vector<std::string> models_where(const model::Condition& condition,
                                        model::Truth truth) const;
  Sql hour() const;
  Sql card_hour() const;
  Sql job() const;

  const Demand& demand_;
  Terms terms_;
  const std::vector<std::string>& models_;
  const std::vector<SourceInfo>& sources_;
};

}  // namespace cp::market
