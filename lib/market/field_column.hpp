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

/// The rate in FORMAT that each code of SNAPSHOT's gpu_model has, as `AcceleratorName::tera_flops`
/// has it; NaN where it is not known.
Result<std::vector<double>> flops_by_code(const Snapshot& snapshot, std::string_view format);

}  // namespace cp::market
