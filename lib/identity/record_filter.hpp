// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/expression.hpp"
#include "store/database.hpp"

#include <string>
#include <variant>
#include <vector>

namespace cp::identity {

/// A condition of SQL over the column `document`, a cp.resource/1. A passive value.
struct RecordFilter {
  std::string sql = "1";
  std::vector<std::variant<double, std::string>> values;  ///< of its question marks

  /// Binds the values to STATEMENT from FIRST on.
  void bind(store::Statement& statement, int first) const;
};

/// What every record that fulfils CONDITION fulfils at least, so that SQLite throws most of the
/// others away without our reading them; `model::evaluate` judges the rest. Values are bound, and
/// nothing of CONDITION but names from our own table stands in the SQL.
RecordFilter filter_for(const model::Condition& condition);

}  // namespace cp::identity
