// SPDX-License-Identifier: Apache-2.0
#include "identity/ledger.hpp"

#include "identity/canonical.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

using model::Json;

std::string before_the_first() { return std::string(32, '\0'); }

}  // namespace

Ledger::Ledger(store::Database& database, std::int64_t authority, std::string prefix)
    : database_(database), authority_(authority), prefix_(std::move(prefix)) {}

Result<Ledger::End> Ledger::end() const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT seq, hash FROM ledger WHERE authority = ?1 "
                                            "ORDER BY seq DESC LIMIT 1"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, authority_).step());
  if (!found) {
    return End{0, before_the_first()};
  }
  return End{row.integer(0), std::string(row.text(1))};
}

Result<std::int64_t> Ledger::append(Json entry, UnixTime at) {
  CP_TRY_ASSIGN(const End last, end());
  const std::int64_t seq = last.seq + 1;
  entry["seq"] = seq;
  entry["at"] = format_time(at);
  entry["prefix"] = prefix_;
  CP_TRY_ASSIGN(const std::string text, canonical(entry));
  CP_TRY_ASSIGN(auto insert, database_.prepare("INSERT INTO ledger (authority, seq, entry, hash) "
                                               "VALUES (?1, ?2, ?3, ?4)"));
  insert.bind(1, authority_).bind(2, seq).bind(3, text).bind_blob(4, sha256({last.hash, text}));
  CP_TRY(insert.run());
  return seq;
}

Result<Ledger::End> Ledger::verify(
    const std::function<Result<void>(const Json& entry)>& visit) const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT seq, entry, hash FROM ledger "
                                             "WHERE authority = ?1 ORDER BY seq"));
  rows.bind(1, authority_);
  End last{0, before_the_first()};
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return last;
    }
    const std::int64_t seq = rows.integer(0);
    std::string hash = sha256({last.hash, rows.text(1)});
    const auto entry = model::parse_json(rows.text(1));
    if (seq != last.seq + 1 || hash != rows.text(2) || !entry ||
        model::int_at(*entry, "seq") != seq || model::text_at(*entry, "prefix") != prefix_) {
      return fail(Errc::bad_data, "the ledger of prefix {} is broken at entry {}", prefix_,
                  last.seq + 1);
    }
    last = End{seq, std::move(hash)};
    CP_TRY(visit(*entry));
  }
}

}  // namespace cp::identity
