// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <string>
#include <vector>

namespace cp::cli {

/// Lays records out in columns. The widths come from the first rows (a few hundred are held back
/// for that), so that a table of any length needs bounded memory. Gives text, writes nothing
/// itself.
class Table {
 public:
  Table(std::vector<Column> columns, const Terminal& terminal);

  /// What can be printed after one more row: mostly nothing at first.
  std::string add(const model::Json& document);
  /// All rows that are still held.
  std::string flush();

 private:
  struct Row {
    std::vector<std::string> cells;
  };
  void fix_widths();
  std::string draw(const Row& row, bool is_head) const;

  std::vector<Column> columns_;
  const Terminal& terminal_;
  std::vector<Row> held_;
  std::vector<int> widths_;  ///< empty until they are fixed
};

}  // namespace cp::cli
