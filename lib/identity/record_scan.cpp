// SPDX-License-Identifier: Apache-2.0
#include "identity/record_scan.hpp"

namespace cp::identity {
namespace {

constexpr int kRowsPerPage = 256;

// The page comes first in the text, so that the filter's question marks follow ?1 and ?2.
constexpr const char* kOwnRows =
    "WITH page AS (SELECT serial AS name, seq, record AS document FROM resource "
    "WHERE authority = ?1 AND serial > ?2 ORDER BY serial LIMIT {}) "
    "SELECT name, seq, document, ({}) FROM page";
// Prefix 0 is kept under its own authority alone.
constexpr const char* kKeptRows =
    "WITH page AS (SELECT subject AS name, seq, document FROM kept "
    "WHERE ?1 IS NOT NULL AND kind = 'cp.resource' AND subject > ?2 AND subject NOT LIKE 'cp:0%' "
    "ORDER BY subject LIMIT {}) SELECT name, seq, document, ({}) FROM page";

}  // namespace

RecordScan::RecordScan(RegistryView& view, RecordFilter filter)
    : view_(view), filter_(std::move(filter)) {}

Result<store::Statement> RecordScan::next_rows() {
  store::Database& database = view_.estate().database;
  const char* sql = phase_ == Phase::own ? kOwnRows : kKeptRows;
  CP_TRY_ASSIGN(auto rows,
                database.prepare(fmt::format(fmt::runtime(sql), kRowsPerPage, filter_.sql)));
  rows.bind(1, view_.estate().authority->row).bind(2, after_);
  filter_.bind(rows, 3);
  return rows;
}

// What was kept for a prefix that was revoked. Those of one prefix stand together.
Result<void> RecordScan::drop_void(std::vector<StoredDocument>& found) {
  std::string last;
  bool is_gone = false;
  std::vector<StoredDocument> there;
  for (StoredDocument& record : found) {
    CP_TRY_ASSIGN(const Identifier id, Identifier::parse(record.code));
    if (id.prefix() != last) {
      last = id.prefix();
      CP_TRY_ASSIGN(is_gone, view_.is_void(last));
    }
    if (!is_gone) {
      there.push_back(std::move(record));
    }
  }
  found = std::move(there);
  return {};
}

Result<std::vector<StoredDocument>> RecordScan::page() {
  std::vector<StoredDocument> found;
  CP_TRY_ASSIGN(auto rows, next_rows());
  const std::string& prefix = view_.estate().authority->prefix;
  int seen = 0;
  while (true) {
    CP_TRY_ASSIGN(const bool row, rows.step());
    if (!row) {
      break;
    }
    ++seen;
    after_ = rows.text(0);
    if (rows.integer(3) != 0) {
      const auto id = phase_ == Phase::own ? Identifier::make(prefix, after_) : std::nullopt;
      found.push_back({id ? id->text() : after_, rows.integer(1), std::string(rows.text(2))});
    }
  }
  if (phase_ == Phase::kept) {
    CP_TRY(drop_void(found));
  }
  if (seen < kRowsPerPage) {
    phase_ = phase_ == Phase::own ? Phase::kept : Phase::end;
    after_.clear();
  }
  return found;
}

}  // namespace cp::identity
