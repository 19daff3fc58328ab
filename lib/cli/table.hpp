// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <string>
#include <vector>

namespace cp::cli {

/// Lays records out in columns. The widths come from the first rows (a few hundred are held back
/// for that), so that a table of any length needs bounded memory. Where a terminal is too narrow
/// for it, columns that say nothing in those rows go first, then bars, of which the figure stays,
/// then the ends of the longest texts, then whole columns from the right. The first column and
/// identifiers stay whole, up to 64 characters. Gives text, writes nothing itself.
class Table {
 public:
  Table(std::vector<Column> columns, const Terminal& terminal);

  /// What can be printed after one more row: mostly nothing at first.
  std::string add(const model::Json& document);
  /// All rows that are still held.
  std::string flush();
  /// The line below a table that had no room for all of its columns; "" for any other.
  std::string note() const;

 private:
  struct Row {
    std::vector<std::string> cells;
  };
  void fix_widths();
  void narrow();
  int total_width() const;
  bool is_whole(std::size_t column) const;
  /// What the column may be cut down to.
  int least_width(std::size_t column) const;
  bool says_nothing(std::size_t column) const;
  std::string draw(const Row& row, bool is_head) const;

  std::vector<Column> columns_;
  const Terminal& terminal_;
  std::vector<Row> held_;
  std::vector<int> widths_;  ///< empty until they are fixed; 0: the column is not shown
  int left_out_ = 0;         ///< columns that say something and have no room
  bool has_bars_ = true;
};

}  // namespace cp::cli
