// SPDX-License-Identifier: Apache-2.0
#include "identity/trust_store.hpp"

#include "identity/foreign_code.hpp"
#include "identity/identifier.hpp"
#include "identity/resource_rules.hpp"

#include <algorithm>

namespace cp::identity {

Result<std::vector<Anchor>> TrustStore::anchors() const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT prefix, x, pinned_at FROM anchor "
                                             "ORDER BY prefix, pinned_at, thumbprint"));
  std::vector<Anchor> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    // One that was pinned before such keys were refused counts no longer.
    if (auto key = PublicKey::from_x(rows.text(1))) {
      all.push_back({std::string(rows.text(0)), *std::move(key), std::string(rows.text(2))});
    }
  }
}

Result<std::vector<Anchor>> TrustStore::anchors_above(std::string_view prefix) const {
  CP_TRY_ASSIGN(auto all, anchors());
  std::erase_if(all, [&](const Anchor& anchor) { return !is_within(prefix, anchor.prefix); });
  std::ranges::stable_sort(
      all, [](const Anchor& a, const Anchor& b) { return a.prefix.size() > b.prefix.size(); });
  return all;
}

Result<bool> TrustStore::pin(std::string_view prefix, const PublicKey& key, UnixTime now) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR IGNORE INTO anchor "
                                            "(prefix, thumbprint, x, pinned_at, position) "
                                            "SELECT ?1, ?2, ?3, ?4, "
                                            "coalesce(max(position), 0) + 1 FROM anchor"));
  row.bind(1, prefix).bind(2, key.thumbprint()).bind(3, key.x()).bind(4, format_time(now));
  CP_TRY(row.run());
  return database_.changes() == 1;
}

Result<std::int64_t> TrustStore::unpin(std::string_view prefix, std::string_view thumbprint) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("DELETE FROM anchor WHERE thumbprint = ?1 "
                                            "AND (?2 = '' OR prefix = ?2)"));
  CP_TRY(row.bind(1, thumbprint).bind(2, prefix).run());
  const std::int64_t count = database_.changes();
  for (const std::string_view sql : {"DELETE FROM kept WHERE anchor = ?1 AND NOT EXISTS "
                                     "(SELECT 1 FROM anchor WHERE thumbprint = ?1)",
                                     "DELETE FROM succession WHERE anchor = ?1 AND NOT EXISTS "
                                     "(SELECT 1 FROM anchor WHERE thumbprint = ?1)",
                                     "DELETE FROM label WHERE anchor = ?1 AND NOT EXISTS "
                                     "(SELECT 1 FROM anchor WHERE thumbprint = ?1)",
                                     "DELETE FROM revoked WHERE anchor = ?1 AND NOT EXISTS "
                                     "(SELECT 1 FROM anchor WHERE thumbprint = ?1)"}) {
    CP_TRY_ASSIGN(auto forget, database_.prepare(sql));
    CP_TRY(forget.bind(1, thumbprint).run());
  }
  CP_TRY(database_.execute("DELETE FROM holding"));  // it is counted again
  return count;
}

Result<void> TrustStore::replace(std::string_view prefix, std::string_view old,
                                 const PublicKey& key, UnixTime now) const {
  CP_TRY(pin(prefix, key, now));
  for (const std::string_view sql : {"UPDATE OR REPLACE kept SET anchor = ?2 WHERE anchor = ?1",
                                     "UPDATE OR REPLACE succession SET anchor = ?2 "
                                     "WHERE anchor = ?1",
                                     "UPDATE OR REPLACE label SET anchor = ?2 WHERE anchor = ?1",
                                     "UPDATE OR REPLACE revoked SET anchor = ?2 WHERE anchor = ?1",
                                     "UPDATE evidence SET anchor = ?2 WHERE anchor = ?1"}) {
    CP_TRY_ASSIGN(auto move, database_.prepare(sql));
    CP_TRY(move.bind(1, old).bind(2, key.thumbprint()).run());
  }
  CP_TRY_ASSIGN(auto place, database_.prepare("UPDATE anchor SET position = (SELECT position "
                                              "FROM anchor WHERE thumbprint = ?1 AND prefix = ?2) "
                                              "WHERE thumbprint = ?3 AND prefix = ?2"));
  CP_TRY(place.bind(1, old).bind(2, prefix).bind(3, key.thumbprint()).run());
  CP_TRY_ASSIGN(auto row, database_.prepare("DELETE FROM anchor WHERE thumbprint = ?1 "
                                            "AND prefix = ?2"));
  return row.bind(1, old).bind(2, prefix).run();
}

Result<std::vector<TrustStore::Allotted>> TrustStore::allotted(std::string_view label) const {
  CP_TRY_ASSIGN(
      auto rows,
      database_.prepare(
          "SELECT label.anchor, prefix, document FROM label JOIN kept ON kept.anchor = "
          "label.anchor "
          "AND kind = 'cp.delegation' AND subject = prefix AND signer = '' WHERE label = ?1 "
          "ORDER BY (SELECT min(position) FROM anchor WHERE thumbprint = label.anchor), "
          "label.anchor, length(prefix) - length(replace(prefix, '.', '')), label.id"));
  rows.bind(1, label);
  std::vector<Allotted> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back(
        {std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2))});
  }
}

Result<std::optional<Kept>> TrustStore::find(std::string_view anchor, std::string_view kind,
                                             std::string_view subject, std::string_view signer) {
  if (!find_) {
    CP_TRY_ASSIGN(find_, database_.prepare("SELECT seq, document FROM kept WHERE anchor = ?1 "
                                           "AND kind = ?2 AND subject = ?3 AND signer = ?4"));
  }
  find_->reset();
  find_->bind_borrowed(1, anchor).bind_borrowed(2, kind).bind_borrowed(3, subject);
  find_->bind_borrowed(4, signer);
  CP_TRY_ASSIGN(const bool found, find_->step());
  if (!found) {
    find_->reset();
    return std::nullopt;
  }
  Kept kept{std::string(kind), std::string(subject), std::string(signer), find_->integer(0),
            std::string(find_->text(1))};
  find_->reset();
  return kept;
}

Result<std::map<std::string, std::int64_t>> TrustStore::newest_heads() const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT subject, max(seq) FROM kept "
                                             "WHERE kind = 'cp.head' GROUP BY subject"));
  std::map<std::string, std::int64_t> heads;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return heads;
    }
    heads.emplace(rows.text(0), rows.integer(1));
  }
}

Result<void> TrustStore::keep(std::string_view anchor, const Kept& kept, UnixTime now) {
  if (!keep_) {
    CP_TRY_ASSIGN(keep_, database_.prepare("INSERT OR REPLACE INTO kept (anchor, kind, subject, "
                                           "signer, seq, document, taken_at) "
                                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  }
  keep_->bind_borrowed(1, anchor).bind_borrowed(2, kept.kind).bind_borrowed(3, kept.subject);
  keep_->bind_borrowed(4, kept.signer).bind(5, kept.seq).bind_borrowed(6, kept.text);
  CP_TRY(keep_->bind(7, std::int64_t{unix_milliseconds(now)}).run());
  if (kept.kind == "cp.resource") {
    return keep_names(kept);
  }
  if (kept.kind == "cp.delegation") {
    CP_TRY(keep_label(anchor, kept));
    return keep_in_succession(anchor, kept);
  }
  return {};
}

Result<void> TrustStore::keep_in_succession(std::string_view anchor, const Kept& kept) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO succession "
                                            "(anchor, prefix, seq, document) SELECT ?1, ?2, ?3, ?4 "
                                            "WHERE EXISTS (SELECT 1 FROM anchor "
                                            "WHERE thumbprint = ?1 AND prefix = ?2)"));
  row.bind(1, anchor).bind(2, kept.subject).bind(3, kept.seq).bind(4, kept.text);
  CP_TRY(row.run());
  if (database_.changes() == 0) {
    return {};
  }
  CP_TRY_ASSIGN(auto old, database_.prepare("DELETE FROM succession WHERE anchor = ?1 "
                                            "AND prefix = ?2 AND seq <= (SELECT seq "
                                            "FROM succession WHERE anchor = ?1 AND prefix = ?2 "
                                            "ORDER BY seq DESC LIMIT 1 OFFSET ?3)"));
  return old.bind(1, anchor).bind(2, kept.subject).bind(3, kMaxSuccession).run();
}

Result<std::vector<Kept>> TrustStore::succession(std::string_view anchor,
                                                 std::string_view prefix) const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT seq, document FROM succession "
                                             "WHERE anchor = ?1 AND prefix = ?2 ORDER BY seq"));
  rows.bind(1, anchor).bind(2, prefix);
  std::vector<Kept> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back(
        {"cp.delegation", std::string(prefix), "", rows.integer(0), std::string(rows.text(1))});
  }
}

// A label that its prefix had already keeps its place in the order.
Result<void> TrustStore::keep_label(std::string_view anchor, const Kept& kept) const {
  for (const std::string_view sql :
       {"DELETE FROM label WHERE anchor = ?1 AND prefix = ?2 "
        "AND label IS NOT json_extract(?3, '$.label')",
        "INSERT OR IGNORE INTO label (anchor, prefix, label) "
        "SELECT ?1, ?2, json_extract(?3, '$.label') WHERE json_type(?3, '$.label') = 'text'"}) {
    CP_TRY_ASSIGN(auto row, database_.prepare(sql));
    CP_TRY(row.bind(1, anchor).bind(2, kept.subject).bind(3, kept.text).run());
  }
  return {};
}

Result<std::vector<std::string>> TrustStore::codes_called(std::string_view name) const {
  constexpr std::int64_t kMost = 1'000;
  const auto foreign = read_foreign_code(name);
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT code FROM name WHERE scheme = ?1 AND id = ?2 "
                                             "ORDER BY code LIMIT ?3"));
  rows.bind(1, foreign ? foreign->scheme : "alias").bind(2, foreign ? foreign->id : name);
  rows.bind(3, kMost);
  std::vector<std::string> codes;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return codes;
    }
    codes.emplace_back(rows.text(0));
  }
}

// The record's other names, and no others.
Result<void> TrustStore::keep_names(const Kept& kept) {
  if (!forget_names_) {
    CP_TRY_ASSIGN(forget_names_, database_.prepare("DELETE FROM name WHERE code = ?1"));
  }
  CP_TRY(forget_names_->bind_borrowed(1, kept.subject).run());
  // Most have none: taking them apart to see that is too dear. One search finds the beginning of
  // "alias" and of "also_known_as".
  if (kept.text.find("\"al") == std::string::npos) {
    return {};
  }
  for (const auto& [sql, most] :
       {std::pair{"INSERT OR IGNORE INTO name SELECT 'alias', value, ?1 "
                  "FROM json_each(?2, '$.alias') WHERE type = 'text' LIMIT ?3",
                  kMostAliases},
        std::pair{"INSERT OR IGNORE INTO name SELECT json_extract(value, '$.scheme'), "
                  "json_extract(value, '$.id'), ?1 FROM json_each(?2, '$.also_known_as') "
                  "WHERE type = 'object' AND json_type(value, '$.scheme') = 'text' "
                  "AND json_type(value, '$.id') = 'text' "
                  "AND json_extract(value, '$.scheme') <> 'alias' LIMIT ?3",
                  kMostForeignCodes}}) {
    CP_TRY_ASSIGN(auto insert, database_.prepare(sql));
    insert.bind(1, kept.subject).bind_borrowed(2, kept.text);
    CP_TRY(insert.bind(3, static_cast<std::int64_t>(most)).run());
  }
  return {};
}

// "/" comes after ".", and "0" after "/": arcs have digits alone.
Result<Holding> TrustStore::chains_below(std::string_view anchor, std::string_view prefix) const {
  CP_TRY_ASSIGN(auto row,
                database_.prepare("SELECT count(*) FILTER (WHERE kind = 'cp.delegation'), "
                                  "coalesce(sum(length(CAST(document AS BLOB))), 0) FROM kept "
                                  "WHERE anchor = ?1 "
                                  "AND kind IN ('cp.delegation', 'cp.head') "
                                  "AND subject >= ?2 AND subject < ?3"));
  row.bind(1, anchor).bind(2, std::string(prefix) + ".").bind(3, std::string(prefix) + "/");
  CP_TRY(row.step());
  return Holding{row.integer(0), row.integer(1)};
}

Result<Holding> TrustStore::forget_unless_needed(std::string_view anchor,
                                                 std::string_view prefix) const {
  CP_TRY_ASSIGN(auto needed,
                database_.prepare("SELECT 1 FROM kept WHERE anchor = ?1 AND kind = 'cp.delegation' "
                                  "AND subject >= ?2 || '.' AND subject < ?2 || '/' UNION ALL "
                                  "SELECT 1 FROM kept WHERE anchor = ?1 "
                                  "AND kind IN ('cp.resource', 'cp.state') "
                                  "AND subject >= 'cp:' || ?2 || '/' "
                                  "AND subject < 'cp:' || ?2 || '0' UNION ALL "
                                  "SELECT 1 FROM authority WHERE prefix = ?2 LIMIT 1"));
  CP_TRY_ASSIGN(const bool is_needed, needed.bind(1, anchor).bind(2, prefix).step());
  if (is_needed) {
    return Holding{};
  }
  CP_TRY_ASSIGN(auto row,
                database_.prepare("DELETE FROM kept WHERE anchor = ?1 "
                                  "AND kind IN ('cp.delegation', 'cp.head') AND subject = ?2 "
                                  "RETURNING kind = 'cp.delegation', "
                                  "length(CAST(document AS BLOB))"));
  row.bind(1, anchor).bind(2, prefix);
  Holding freed;
  while (true) {
    CP_TRY_ASSIGN(const bool found, row.step());
    if (!found) {
      break;
    }
    freed.records += row.integer(0);
    freed.bytes += row.integer(1);
  }
  for (const std::string_view sql : {"DELETE FROM label WHERE anchor = ?1 AND prefix = ?2",
                                     "DELETE FROM revoked WHERE anchor = ?1 AND prefix = ?2",
                                     "DELETE FROM evidence WHERE anchor = ?1 "
                                     "AND kind IN ('cp.delegation', 'cp.head') AND subject = ?2"}) {
    CP_TRY_ASSIGN(auto forget, database_.prepare(sql));
    CP_TRY(forget.bind(1, anchor).bind(2, prefix).run());
  }
  return freed;
}

Result<void> TrustStore::keep_evidence(std::string_view anchor, const Kept& kept,
                                       std::string_view against, UnixTime now) const {
  // A few are proof enough: a liar must not fill the disk.
  CP_TRY_ASSIGN(auto row,
                database_.prepare("INSERT OR IGNORE INTO evidence (anchor, kind, "
                                  "subject, seq, document, against, found_at) "
                                  "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 "
                                  "WHERE (SELECT count(*) FROM evidence WHERE anchor = ?1 "
                                  "AND kind = ?2 AND subject = ?3) < 16"));
  row.bind(1, anchor).bind(2, kept.kind).bind(3, kept.subject).bind(4, kept.seq);
  return row.bind(5, kept.text).bind(6, against).bind(7, format_time(now)).run();
}

Result<std::int64_t> TrustStore::count_evidence() const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT count(*) FROM evidence"));
  CP_TRY(row.step());
  return row.integer(0);
}

Result<std::int64_t> TrustStore::version() {
  if (!version_) {
    CP_TRY_ASSIGN(version_, database_.prepare("PRAGMA data_version"));
  }
  version_->reset();
  CP_TRY(version_->step());
  const std::int64_t version = version_->integer(0);
  version_->reset();
  return version;
}

Result<std::optional<Revocation>> TrustStore::revocation(std::string_view anchor,
                                                         std::string_view prefix,
                                                         std::string_view what,
                                                         std::string_view name) {
  if (!find_revoked_) {
    CP_TRY_ASSIGN(find_revoked_, database_.prepare("SELECT seq, why FROM revoked WHERE anchor = ?1 "
                                                   "AND prefix = ?2 AND what = ?3 AND name = ?4"));
  }
  find_revoked_->reset();
  find_revoked_->bind(1, anchor).bind(2, prefix).bind(3, what).bind(4, name);
  CP_TRY_ASSIGN(const bool is_there, find_revoked_->step());
  std::optional<Revocation> found;
  if (is_there) {
    found = Revocation{std::string(prefix), std::string(what), std::string(name),
                       find_revoked_->integer(0), std::string(find_revoked_->text(1))};
  }
  find_revoked_->reset();
  return found;
}

Result<std::int64_t> TrustStore::count_revocations(std::string_view anchor,
                                                   std::string_view prefix) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT count(*) FROM revoked WHERE anchor = ?1 "
                                            "AND prefix = ?2"));
  CP_TRY(row.bind(1, anchor).bind(2, prefix).step());
  return row.integer(0);
}

Result<void> TrustStore::forget_revocations(std::string_view anchor,
                                            std::string_view prefix) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("DELETE FROM revoked WHERE anchor = ?1 "
                                            "AND prefix = ?2"));
  return row.bind(1, anchor).bind(2, prefix).run();
}

Result<bool> TrustStore::is_token_revoked(std::string_view prefix, std::string_view jti) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT 1 FROM revoked WHERE what = 'token' "
                                            "AND prefix = ?1 AND name = ?2 LIMIT 1"));
  return row.bind(1, prefix).bind(2, jti).step();
}

Result<void> TrustStore::revoke(std::string_view anchor, const Revocation& revocation) const {
  // What was void once stays so; of a delegation the highest number counts.
  CP_TRY_ASSIGN(auto row,
                database_.prepare("INSERT INTO revoked (anchor, prefix, what, name, seq, why) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE "
                                  "SET seq = max(seq, excluded.seq)"));
  row.bind(1, anchor).bind(2, revocation.prefix).bind(3, revocation.what);
  return row.bind(4, revocation.name).bind(5, revocation.seq).bind(6, revocation.why).run();
}

}  // namespace cp::identity
