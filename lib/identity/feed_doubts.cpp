// SPDX-License-Identifier: Apache-2.0
#include "identity/feed_doubts.hpp"

namespace cp::identity {
namespace {

constexpr std::int64_t kDoubtsOfAKey = 16;
constexpr std::int64_t kDoubts = 1'000;
constexpr std::int64_t kWaitingBytes = 16 << 20;

}  // namespace

Result<void> FeedDoubts::retire(const std::string& key) {
  CP_TRY_ASSIGN(auto row, store_.database().prepare("INSERT OR IGNORE INTO retired (url, key) "
                                                    "VALUES (?1, ?2)"));
  return row.bind(1, url_).bind(2, key).run();
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
                                                      "WHERE url = ?1"));
  CP_TRY(count.bind(1, url_).bind(2, doubt.key).step());
  if (count.integer(0) >= kDoubts || count.integer(1) >= kDoubtsOfAKey) {
    return {};
  }
  count.reset();
  CP_TRY_ASSIGN(auto row, store_.database().prepare("INSERT OR REPLACE INTO doubt (url, subject, "
                                                    "key, problem) VALUES (?1, ?2, ?3, ?4)"));
  return row.bind(1, url_).bind(2, doubt.subject).bind(3, doubt.key).bind(4, doubt.problem).run();
}

Result<std::vector<FeedDoubts::Doubt>> FeedDoubts::open() {
  CP_TRY_ASSIGN(auto rows, store_.database().prepare("SELECT key, subject, problem FROM doubt "
                                                     "WHERE url = ?1 AND key NOT IN "
                                                     "(SELECT key FROM retired WHERE url = ?1) "
                                                     "ORDER BY subject"));
  rows.bind(1, url_);
  std::vector<Doubt> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return all;
    }
    all.push_back(
        {std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2))});
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
  CP_TRY_ASSIGN(auto row,
                store_.database().prepare("INSERT OR REPLACE INTO unjudged (url, subject, "
                                          "entry, document) VALUES (?1, ?2, ?3, ?4)"));
  CP_TRY(row.bind(1, url_).bind(2, one.subject).bind(3, one.entry).bind(4, one.document).run());
  return true;
}

Result<std::vector<FeedDoubts::Unjudged>> FeedDoubts::waiting() {
  CP_TRY_ASSIGN(auto rows, store_.database().prepare("SELECT subject, entry, document FROM "
                                                     "unjudged WHERE url = ?1 ORDER BY entry"));
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

Result<void> FeedDoubts::forget(const std::string& subject) {
  for (const char* statement : {"DELETE FROM doubt WHERE url = ?1 AND subject = ?2",
                                "DELETE FROM unjudged WHERE url = ?1 AND subject = ?2"}) {
    CP_TRY_ASSIGN(auto row, store_.database().prepare(statement));
    CP_TRY(row.bind(1, url_).bind(2, subject).run());
  }
  return {};
}

}  // namespace cp::identity
