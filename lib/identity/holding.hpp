// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <string>

namespace cp::identity {

/// How much is kept of one prefix's records and of the delegations below it, or by how much that
/// grows.
struct Holding {
  std::int64_t records = 0;
  std::int64_t bytes = 0;
};

/// What of PREFIX is kept in DATABASE: counted once, and remembered. Inside the caller's
/// transaction.
Result<Holding> holding_of(store::Database& database, const std::string& prefix);

/// What of PREFIX was remembered grows by MORE, inside the caller's transaction.
Result<void> add_holding(store::Database& database, const std::string& prefix, const Holding& more);

}  // namespace cp::identity
