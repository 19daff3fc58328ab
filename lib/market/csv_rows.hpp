// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/csv_form.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cp::market {

/// The rows of a table of RFC 4180 under a header, of moderate size: columns are looked up by name.
/// What is wrong with a row's form goes to LINT. Borrows LINES and LINT.
class CsvRows {
 public:
  /// Reads the header. bad_data when there is none, when it cannot be cut into names, and when a
  /// name stands there twice.
  static Result<CsvRows> open(LineReader& lines, Lint& lint);

  bool has(std::string_view column) const { return columns_.contains(std::string(column)); }

  /// Goes to the next row that has as many fields as the header has names and stands there for the
  /// first time; false after the last.
  Result<bool> next();
  std::int64_t line() const { return line_; }
  /// The field of the row under COLUMN, without blanks around it, until `next`; empty when there is
  /// no such column.
  std::string_view field(std::string_view column) const;

 private:
  CsvRows(LineReader& lines, Lint& lint) : lines_(&lines), lint_(&lint) {}
  bool read(const Line& line);

  LineReader* lines_;
  Lint* lint_;
  CsvForm form_;
  std::unordered_map<std::string, std::size_t> columns_;
  std::span<const std::string_view> fields_;
  std::int64_t line_ = 0;
};

}  // namespace cp::market
