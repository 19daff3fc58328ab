// SPDX-License-Identifier: Apache-2.0
#include "identity/holding.hpp"

namespace cp::identity {

Result<Holding> holding_of(store::Database& database, const std::string& prefix) {
  CP_TRY_ASSIGN(auto known,
                database.prepare("SELECT records, bytes FROM holding WHERE prefix = ?1"));
  CP_TRY_ASSIGN(const bool is_known, known.bind(1, prefix).step());
  if (is_known) {
    return Holding{known.integer(0), known.integer(1)};
  }
  // "0" comes after "/" and the serials' characters are never before it.
  CP_TRY_ASSIGN(auto row, database.prepare("SELECT count(*), "
                                           "coalesce(sum(length(CAST(document AS BLOB))), 0) "
                                           "FROM kept WHERE kind = 'cp.resource' "
                                           "AND subject >= ?1 AND subject < ?2 "
                                           "OR kind = 'cp.delegation' "
                                           "AND subject >= ?3 AND subject < ?4"));
  row.bind(1, "cp:" + prefix + "/").bind(2, "cp:" + prefix + "0");
  CP_TRY(row.bind(3, prefix + ".").bind(4, prefix + "/").step());
  const Holding counted{row.integer(0), row.integer(1)};
  CP_TRY_ASSIGN(auto keep, database.prepare("INSERT INTO holding (prefix, records, bytes) "
                                            "VALUES (?1, ?2, ?3)"));
  CP_TRY(keep.bind(1, prefix).bind(2, counted.records).bind(3, counted.bytes).run());
  return counted;
}

Result<void> add_holding(store::Database& database, const std::string& prefix,
                         const Holding& more) {
  CP_TRY_ASSIGN(auto row, database.prepare("UPDATE holding SET records = records + ?2, "
                                           "bytes = bytes + ?3 WHERE prefix = ?1"));
  return row.bind(1, prefix).bind(2, more.records).bind(3, more.bytes).run();
}

}  // namespace cp::identity
