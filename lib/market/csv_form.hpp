// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/csv.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>

namespace cp::market {

/// Takes the rows of one table that are rows: whole lines of text, cut into fields, each for the
/// first time.
class CsvForm {
 public:
  /// Room for so many rows.
  void reserve(std::size_t rows) { seen_.reserve(rows); }

  /// The fields of LINE, valid until the next call and as long as LINE; nullopt, and told to LINT,
  /// where it is kept out.
  std::optional<std::span<const std::string_view>> read(const Line& line, Lint& lint);

 private:
  CsvSplitter splitter_;
  std::unordered_set<std::size_t> seen_;
};

}  // namespace cp::market
