// SPDX-License-Identifier: Apache-2.0
#include "source_table.hpp"

#include <array>

namespace cpfind {

std::span<const cp::cli::Column> source_columns() {
  using cp::cli::Column;
  using cp::cli::Show;
  static constexpr std::array kColumns{Column{"NAME", "name"},
                                       Column{"KIND", "kind"},
                                       Column{"OFFERS", "offers", Show::count},
                                       Column{"REPAIRED", "repaired", Show::count},
                                       Column{"REJECTED", "rejected", Show::count},
                                       Column{"MERGED", "merged", Show::count},
                                       Column{"AS OF", "as_of|imported_at", Show::time},
                                       Column{"AGE", "age_s", Show::seconds},
                                       Column{"STATUS", "status", Show::verdict}};
  return kColumns;
}

}  // namespace cpfind
