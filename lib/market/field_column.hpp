// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/snapshot.hpp"
#include "model/fields.hpp"

#include <string_view>

namespace cp::market {

/// Where the value of a field stands as it is: in a column of a snapshot, and in the cache's
/// database as an expression of SQL.
struct FieldColumn {
  std::string_view field;
  OfferColumn column;
  std::string_view sql;
};

/// Where FIELD stands; nullptr for what is computed of several columns, or in none.
const FieldColumn* column_of_field(const model::Field& field);

}  // namespace cp::market
