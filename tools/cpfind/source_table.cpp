// SPDX-License-Identifier: Apache-2.0
#include "source_table.hpp"

#include <nlohmann/json.hpp>

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

void add_settings(cp::model::Json& record, const cp::market::SourceSettings& settings) {
  const cp::model::Json said = to_json(settings);
  for (const char* name : {"format", "deadline_s", "max_age_s", "trusted", "added_at"}) {
    record[name] = said[name];
  }
}

}  // namespace cpfind
