// SPDX-License-Identifier: Apache-2.0
#include "identity/resolver_store.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace cp::identity {
namespace {

constexpr std::array<std::string_view, 6> kResolverMigrations{R"(
CREATE TABLE answer (
  name TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  anchor TEXT NOT NULL,
  source TEXT NOT NULL,
  message TEXT NOT NULL,
  fetched_at INTEGER NOT NULL,
  fresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE name (
  name TEXT NOT NULL,
  code TEXT NOT NULL,
  anchor TEXT NOT NULL,
  PRIMARY KEY (name, code, anchor)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_of ON name (code);
CREATE TABLE feed (
  url TEXT PRIMARY KEY,
  prefix TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  status TEXT NOT NULL,
  problem TEXT NOT NULL,
  head_seq INTEGER NOT NULL,
  records INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  synced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)",
                                                              R"(
ALTER TABLE feed ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN used_entries REAL NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN used_bytes REAL NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
)",
                                                              R"(
CREATE TABLE retired (
  url TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (url, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE doubt (
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  key TEXT NOT NULL,
  problem TEXT NOT NULL,
  PRIMARY KEY (url, subject)
) STRICT, WITHOUT ROWID;
)",
                                                              R"(
CREATE TABLE unjudged (
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  entry INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (url, subject)
) STRICT, WITHOUT ROWID;
)",
                                                              R"(
ALTER TABLE feed ADD COLUMN confirmed_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN confirmed_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN confirmed_records INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN confirmed_refused INTEGER NOT NULL DEFAULT 0;
CREATE TABLE passed (
  url TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  records INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  PRIMARY KEY (url, seq)
) STRICT, WITHOUT ROWID;
ALTER TABLE retired ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE doubt RENAME TO old_doubt;
CREATE TABLE doubt (
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  entry INTEGER NOT NULL,
  key TEXT NOT NULL,
  problem TEXT NOT NULL,
  cleared INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (url, subject, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO doubt (url, subject, entry, key, problem)
  SELECT url, subject, 0, key, problem FROM old_doubt;
DROP TABLE old_doubt;
ALTER TABLE unjudged RENAME TO old_unjudged;
CREATE TABLE unjudged (
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  entry INTEGER NOT NULL,
  document TEXT NOT NULL,
  cleared INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (url, subject, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO unjudged (url, subject, entry, document)
  SELECT url, subject, entry, document FROM old_unjudged;
DROP TABLE old_unjudged;
)",
                                                              R"(
CREATE TABLE withheld (
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  entry INTEGER NOT NULL,
  record_seq INTEGER NOT NULL,
  record TEXT NOT NULL,
  cleared INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (url, subject, entry)
) STRICT, WITHOUT ROWID;
)"};

constexpr std::string_view kResolverFile = "resolver.db";

std::int64_t to_store(UnixTime time) { return unix_milliseconds(time); }
UnixTime time_in(std::int64_t milliseconds) {
  return UnixTime(std::chrono::milliseconds(milliseconds));
}

ResolverStore::Feed feed_in(const store::Statement& row) {
  return {std::string(row.text(0)),
          std::string(row.text(1)),
          row.integer(2),
          std::string(row.text(3)),
          std::string(row.text(4)),
          std::string(row.text(5)),
          row.integer(6),
          row.integer(7),
          row.integer(8),
          time_in(row.integer(9)),
          time_in(row.integer(10)),
          {row.real(11), time_in(row.integer(13))},
          {row.real(12), time_in(row.integer(13))},
          {row.integer(14), std::string(row.text(15)), row.integer(16), row.integer(17)}};
}

constexpr std::string_view kFeeds =
    "SELECT url, prefix, seq, hash, status, problem, head_seq, records, refused, synced_at, "
    "tried_at, used_entries, used_bytes, used_at, confirmed_seq, confirmed_hash, "
    "confirmed_records, confirmed_refused FROM feed ";

}  // namespace

bool ResolverStore::exists(const std::string& state_directory) {
  return ::access(path_join(state_directory, kResolverFile).c_str(), F_OK) == 0;
}

Result<ResolverStore> ResolverStore::open(const std::string& state_directory) {
  const bool is_new = !exists(state_directory);
  auto database = store::Database::open(
      path_join(state_directory, kResolverFile),
      {.migrations = kResolverMigrations, .is_cache = true, .falls_back_to_reading = true});
  const bool has_no_room = !database && (database.error().code == Errc::io ||
                                         database.error().code == Errc::cannot_create);
  if (is_new && has_no_room) {
    database = store::Database::in_memory(kResolverMigrations);
  }
  return std::move(database).map(
      [](store::Database&& made) { return ResolverStore(std::move(made)); });
}

Result<std::optional<ResolverStore::Answer>> ResolverStore::find(std::string_view name) {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT code, anchor, source, message, fetched_at, "
                                            "fresh_until FROM answer WHERE name = ?1"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, name).step());
  if (!found) {
    return std::nullopt;
  }
  return Answer{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                std::string(row.text(3)), time_in(row.integer(4)),  time_in(row.integer(5))};
}

Result<void> ResolverStore::keep(std::string_view name, const Answer& answer) {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO answer (name, code, anchor, "
                                            "source, message, fetched_at, fresh_until) "
                                            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  row.bind(1, name).bind(2, answer.code).bind(3, answer.anchor).bind(4, answer.source);
  row.bind(5, answer.message).bind(6, to_store(answer.fetched_at));
  return row.bind(7, to_store(answer.fresh_until)).run();
}

Result<std::vector<ResolverStore::Named>> ResolverStore::named(std::string_view name) {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT code, anchor FROM name WHERE name = ?1 "
                                             "ORDER BY code, anchor LIMIT 10000"));
  rows.bind(1, name);
  std::vector<Named> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back({std::string(rows.text(0)), std::string(rows.text(1))});
  }
}

Result<void> ResolverStore::set_names(const Named& record, const std::vector<std::string>& names) {
  CP_TRY_ASSIGN(auto forget, database_.prepare("DELETE FROM name WHERE code = ?1 "
                                               "AND anchor = ?2"));
  CP_TRY(forget.bind(1, record.code).bind(2, record.anchor).run());
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR IGNORE INTO name (name, code, anchor) "
                                            "VALUES (?1, ?2, ?3)"));
  for (const std::string& name : names) {
    CP_TRY(row.bind(1, name).bind(2, record.code).bind(3, record.anchor).run());
  }
  return {};
}

Result<std::optional<ResolverStore::Feed>> ResolverStore::feed(std::string_view url) {
  CP_TRY_ASSIGN(auto row, database_.prepare(std::string(kFeeds) + "WHERE url = ?1"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, url).step());
  return found ? std::optional(feed_in(row)) : std::nullopt;
}

Result<std::vector<ResolverStore::Feed>> ResolverStore::feeds() {
  CP_TRY_ASSIGN(auto rows, database_.prepare(std::string(kFeeds) + "ORDER BY url"));
  std::vector<Feed> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back(feed_in(rows));
  }
}

Result<void> ResolverStore::keep_feed(const Feed& feed) {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO feed (url, prefix, seq, hash, "
                                            "status, problem, head_seq, records, refused, "
                                            "synced_at, tried_at, used_entries, used_bytes, "
                                            "used_at, confirmed_seq, confirmed_hash, "
                                            "confirmed_records, confirmed_refused) "
                                            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                                            "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"));
  row.bind(1, feed.url).bind(2, feed.prefix).bind(3, feed.seq).bind(4, feed.hash);
  row.bind(5, feed.status).bind(6, feed.problem).bind(7, feed.head_seq).bind(8, feed.records);
  row.bind(9, feed.refused).bind(10, to_store(feed.synced_at)).bind(11, to_store(feed.tried_at));
  row.bind(12, feed.entries.used).bind(13, feed.traffic.used);
  row.bind(14, to_store(std::max(feed.entries.at, feed.traffic.at)));
  row.bind(15, feed.confirmed.seq).bind(16, feed.confirmed.hash);
  return row.bind(17, feed.confirmed.records).bind(18, feed.confirmed.refused).run();
}

Result<void> ResolverStore::keep_point(std::string_view url, const FeedPoint& point) {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO passed (url, seq, hash, "
                                            "records, refused) VALUES (?1, ?2, ?3, ?4, ?5)"));
  row.bind(1, url).bind(2, point.seq).bind(3, point.hash).bind(4, point.records);
  return row.bind(5, point.refused).run();
}

Result<std::optional<ResolverStore::FeedPoint>> ResolverStore::point_at(std::string_view url,
                                                                        std::int64_t seq) {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT seq, hash, records, refused FROM passed "
                                            "WHERE url = ?1 AND seq = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, url).bind(2, seq).step());
  return found ? std::optional(FeedPoint{row.integer(0), std::string(row.text(1)), row.integer(2),
                                         row.integer(3)})
               : std::nullopt;
}

Result<void> ResolverStore::forget_points(std::string_view url, std::int64_t first,
                                          std::int64_t last) {
  CP_TRY_ASSIGN(auto row, database_.prepare("DELETE FROM passed WHERE url = ?1 "
                                            "AND seq BETWEEN ?2 AND ?3"));
  return row.bind(1, url).bind(2, first).bind(3, last).run();
}

}  // namespace cp::identity
