// SPDX-License-Identifier: Apache-2.0
#include "identity/feed_doubts.hpp"

namespace cp::identity {
namespace {

constexpr std::int64_t kDoubtsOfAKey = 16;
constexpr std::int64_t kDoubts = 1'000;
constexpr std::int64_t kWaitingBytes = 16 << 20;
constexpr std::int64_t kWithheld = 100'000;

}  // namespace

Result<void> FeedDoubts::run_confirmed(std::string_view statement) {
  CP_TRY_ASSIGN(auto row, store_.database().prepare(std::string(statement)));
  return row.bind(1, url_).bind(2, confirmed_).run();
}

Result<void> FeedDoubts::retire(const std::string& key, std::int64_t entry) {
  CP_TRY_ASSIGN(auto row, store_.database().prepare("INSERT OR IGNORE INTO retired (url, key, "
                                                    "entry) VALUES (?1, ?2, ?3)"));
  return row.bind(1, url_).bind(2, key).bind(3, entry).run();
}

Result<bool> FeedDoubts::is_retired(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    CP_TRY_ASSIGN(auto row, store_.database().prepare("SELECT 1 FROM retired WHERE url = ?1 "
                                                      "AND key = ?2"));
    CP_TRY_ASSIGN(const bool found, row.bind(1, url_).bind(2, key).step());
    if (found) {
      return true;
    }
  }
  return false;
}

Result<void> FeedDoubts::add(const Doubt& doubt) {
  CP_TRY_ASSIGN(auto count, store_.database().prepare("SELECT count(*), "
                                                      "coalesce(sum(key = ?2), 0) FROM doubt "
                                                      "WHERE url = ?1 AND cleared = 0"));
  CP_TRY(count.bind(1, url_).bind(2, doubt.key).step());
  if (count.integer(0) >= kDoubts || count.integer(1) >= kDoubtsOfAKey) {
    return {};
  }
  count.reset();
  CP_TRY(
      clear("UPDATE doubt SET cleared = ?3 WHERE url = ?1 AND subject = ?2 AND entry < ?3 "
            "AND cleared = 0",
            doubt.subject, doubt.entry));
  CP_TRY_ASSIGN(auto row, store_.database().prepare("INSERT OR REPLACE INTO doubt (url, subject, "
                                                    "entry, key, problem) "
                                                    "VALUES (?1, ?2, ?3, ?4, ?5)"));
  row.bind(1, url_).bind(2, doubt.subject).bind(3, doubt.entry).bind(4, doubt.key);
  return row.bind(5, doubt.problem).run();
}

Result<std::vector<FeedDoubts::Doubt>> FeedDoubts::open() {
  CP_TRY_ASSIGN(auto rows, store_.database().prepare(
                               "SELECT key, subject, problem, entry FROM doubt WHERE url = ?1 "
                               "AND entry <= ?2 AND (cleared = 0 OR cleared > ?2) "
                               "AND key NOT IN (SELECT key FROM retired WHERE url = ?1 "
                               "AND entry <= ?2) ORDER BY subject"));
  rows.bind(1, url_).bind(2, confirmed_);
  std::vector<Doubt> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back({std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)),
                   rows.integer(3)});
  }
}

Result<bool> FeedDoubts::put_off(const Unjudged& one) {
  CP_TRY_ASSIGN(auto count, store_.database().prepare("SELECT count(*), "
                                                      "coalesce(sum(length(document)), 0) "
                                                      "FROM unjudged WHERE url = ?1"));
  CP_TRY(count.bind(1, url_).step());
  if (count.integer(0) >= kDoubts || count.integer(1) >= kWaitingBytes) {
    return false;
  }
  count.reset();
  CP_TRY(
      clear("UPDATE unjudged SET cleared = ?3 WHERE url = ?1 AND subject = ?2 AND entry < ?3 "
            "AND cleared = 0",
            one.subject, one.entry));
  CP_TRY_ASSIGN(auto row,
                store_.database().prepare("INSERT OR REPLACE INTO unjudged (url, subject, "
                                          "entry, document) VALUES (?1, ?2, ?3, ?4)"));
  CP_TRY(row.bind(1, url_).bind(2, one.subject).bind(3, one.entry).bind(4, one.document).run());
  return true;
}

Result<std::vector<FeedDoubts::Unjudged>> FeedDoubts::waiting() {
  CP_TRY_ASSIGN(auto rows, store_.database().prepare("SELECT subject, entry, document FROM "
                                                     "unjudged WHERE url = ?1 AND cleared = 0 "
                                                     "ORDER BY entry"));
  rows.bind(1, url_);
  std::vector<Unjudged> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back({std::string(rows.text(0)), rows.integer(1), std::string(rows.text(2))});
  }
}

Result<void> FeedDoubts::clear(std::string_view statement, const std::string& subject,
                               std::int64_t entry) {
  CP_TRY_ASSIGN(auto row, store_.database().prepare(std::string(statement)));
  return row.bind(1, url_).bind(2, subject).bind(3, entry).run();
}

Result<void> FeedDoubts::forget(const std::string& subject, std::int64_t entry) {
  for (const char* statement : {"UPDATE doubt SET cleared = ?3 WHERE url = ?1 AND subject = ?2 "
                                "AND entry <= ?3 AND cleared = 0",
                                "UPDATE unjudged SET cleared = ?3 WHERE url = ?1 AND subject = ?2 "
                                "AND entry <= ?3 AND cleared = 0"}) {
    CP_TRY(clear(statement, subject, entry));
  }
  return {};
}

Result<std::int64_t> FeedDoubts::count_withheld() {
  if (!withheld_) {
    CP_TRY_ASSIGN(auto row, store_.database().prepare("SELECT count(*) FROM withheld "
                                                      "WHERE url = ?1"));
    CP_TRY(row.bind(1, url_).step());
    withheld_ = row.integer(0);
  }
  return *withheld_;
}

Result<void> FeedDoubts::withhold(const Withheld& one) {
  CP_TRY_ASSIGN(const std::int64_t count, count_withheld());
  if (count >= kWithheld) {
    return {};
  }
  CP_TRY_ASSIGN(auto row,
                store_.database().prepare("INSERT OR REPLACE INTO withheld (url, subject, "
                                          "entry, record_seq, record) "
                                          "VALUES (?1, ?2, ?3, ?4, ?5)"));
  row.bind(1, url_).bind(2, one.subject).bind(3, one.entry).bind(4, one.record_seq);
  withheld_ = count + 1;
  return row.bind(5, one.record).run();
}

Result<void> FeedDoubts::show(const std::string& subject, std::int64_t record_seq,
                              std::int64_t entry) {
  CP_TRY_ASSIGN(const std::int64_t count, count_withheld());
  if (count == 0) {
    return {};  // nearly always
  }
  // What no head has confirmed would go with ENTRY, and need not come back.
  CP_TRY_ASSIGN(auto drop,
                store_.database().prepare("DELETE FROM withheld WHERE url = ?1 AND subject = ?2 "
                                          "AND record_seq <= ?3 AND entry > ?4"));
  CP_TRY(drop.bind(1, url_).bind(2, subject).bind(3, record_seq).bind(4, confirmed_).run());
  withheld_ = count - store_.database().changes();
  CP_TRY_ASSIGN(auto row, store_.database().prepare(
                              "UPDATE withheld SET cleared = ?4 WHERE url = ?1 AND subject = ?2 "
                              "AND record_seq <= ?3 AND cleared = 0"));
  return row.bind(1, url_).bind(2, subject).bind(3, record_seq).bind(4, entry).run();
}

Result<std::vector<FeedDoubts::Withheld>> FeedDoubts::withheld() {
  CP_TRY_ASSIGN(auto rows, store_.database().prepare(
                               "SELECT subject, max(entry), record_seq, record FROM withheld "
                               "WHERE url = ?1 AND cleared = 0 GROUP BY subject ORDER BY subject"));
  rows.bind(1, url_);
  std::vector<Withheld> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back(
        {std::string(rows.text(0)), rows.integer(1), rows.integer(2), std::string(rows.text(3))});
  }
}

Result<void> FeedDoubts::confirm(std::int64_t entry) {
  withheld_.reset();
  confirmed_ = entry;
  for (const char* statement :
       {"DELETE FROM doubt WHERE url = ?1 AND cleared BETWEEN 1 AND ?2",
        "DELETE FROM unjudged WHERE url = ?1 AND cleared BETWEEN 1 AND ?2",
        "DELETE FROM withheld WHERE url = ?1 AND cleared BETWEEN 1 AND ?2"}) {
    CP_TRY(run_confirmed(statement));
  }
  return {};
}

Result<void> FeedDoubts::go_back() {
  withheld_.reset();
  for (const char* statement :
       {"DELETE FROM retired WHERE url = ?1 AND entry > ?2",
        "DELETE FROM doubt WHERE url = ?1 AND entry > ?2",
        "DELETE FROM unjudged WHERE url = ?1 AND entry > ?2",
        "DELETE FROM withheld WHERE url = ?1 AND entry > ?2",
        "UPDATE doubt SET cleared = 0 WHERE url = ?1 AND cleared > ?2",
        "UPDATE unjudged SET cleared = 0 WHERE url = ?1 AND cleared > ?2",
        "UPDATE withheld SET cleared = 0 WHERE url = ?1 AND cleared > ?2"}) {
    CP_TRY(run_confirmed(statement));
  }
  return {};
}

}  // namespace cp::identity
