// SPDX-License-Identifier: Apache-2.0
// Who drives what: the leases of JobStore.
#include "jobs/store.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace cp::jobs {
namespace {

using namespace std::chrono_literals;
using store::Statement;
using store::Transaction;

// A driver on another host is believed to live until then; one on this host is looked at.
constexpr auto kLease = 60s;
constexpr auto kRenewAfter = 20s;

}  // namespace

bool JobStore::is_driven_here(const Draft& draft) const {
  return driver_ != 0 && draft.driver_ == driver_;
}

// Inside of a transaction.
Result<void> JobStore::enlist() {
  if (driver_ != 0) {
    return {};
  }
  CP_TRY_ASSIGN(const ProcessIdentity self, identify(::getpid()));
  CP_TRY_ASSIGN(Statement row, database_->prepare(R"(
INSERT INTO drivers(host, boot_id, pid, start_ticks, expires_ms) VALUES(?,?,?,?,?))"));
  row.bind(1, host_identity()).bind(2, self.boot_id).bind(3, std::int64_t{self.pid});
  row.bind(4, static_cast<std::int64_t>(self.start_ticks));
  row.bind(5, unix_milliseconds(clock_->now() + kLease));
  CP_TRY(row.run());
  driver_ = database_->last_insert_id();
  renewed_ = clock_->now();
  return {};
}

Result<bool> JobStore::is_gone(std::int64_t driver) {
  CP_TRY_ASSIGN(Statement row, database_->prepare(R"(
SELECT host, boot_id, pid, start_ticks, expires_ms FROM drivers WHERE id = ?)"));
  row.bind(1, driver);
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found || row.integer(4) < unix_milliseconds(clock_->now())) {
    return true;
  }
  const ProcessIdentity process{std::string(row.text(1)), static_cast<pid_t>(row.integer(2)),
                                static_cast<std::uint64_t>(row.integer(3))};
  return row.text(0) == host_identity() && !is_alive(process);
}

Result<bool> JobStore::is_driven_elsewhere(const Draft& draft) {
  if (draft.driver_ == 0 || draft.driver_ == driver_) {
    return false;
  }
  CP_TRY_ASSIGN(const bool gone, is_gone(draft.driver_));
  return !gone;
}

Result<bool> JobStore::take(Draft& draft) {
  if (is_driven_here(draft)) {
    return true;
  }
  // Most often another one has it: seen without a lock.
  CP_TRY_ASSIGN(const bool has_driver, is_driven_elsewhere(draft));
  if (has_driver) {
    return false;
  }
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(Draft now, load(draft.job().id));
  CP_TRY_ASSIGN(const bool is_taken, is_driven_elsewhere(now));
  if (is_taken) {
    return false;
  }
  CP_TRY(enlist());
  CP_TRY_ASSIGN(Statement row, database_->prepare("UPDATE jobs SET driver = ? WHERE id = ?"));
  CP_TRY(row.bind(1, driver_).bind(2, now.job().id).run());
  CP_TRY(transaction.commit());
  now.driver_ = driver_;
  draft = std::move(now);
  return true;
}

Result<void> JobStore::release_all() {
  if (driver_ == 0) {
    return {};
  }
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(Statement jobs, database_->prepare("UPDATE jobs SET driver = 0 WHERE driver = ?"));
  CP_TRY(jobs.bind(1, driver_).run());
  CP_TRY_ASSIGN(Statement self, database_->prepare("DELETE FROM drivers WHERE id = ?"));
  CP_TRY(self.bind(1, driver_).run());
  CP_TRY(transaction.commit());
  driver_ = 0;
  return {};
}

Result<void> JobStore::renew() {
  const UnixTime now = clock_->now();
  if (driver_ == 0 || (now >= renewed_ && now - renewed_ < kRenewAfter)) {
    return {};
  }
  CP_TRY_ASSIGN(Statement row,
                database_->prepare("UPDATE drivers SET expires_ms = ? WHERE id = ?"));
  CP_TRY(row.bind(1, unix_milliseconds(now + kLease)).bind(2, driver_).run());
  renewed_ = now;
  return {};
}

Result<bool> JobStore::has_agent() {
  CP_TRY_ASSIGN(Statement rows, database_->prepare("SELECT id FROM drivers WHERE is_agent = 1"));
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return false;
    }
    CP_TRY_ASSIGN(const bool gone, is_gone(rows.integer(0)));
    if (!gone) {
      return true;
    }
  }
}

Result<bool> JobStore::become_agent() {
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(const bool taken, has_agent());
  if (taken) {
    return false;
  }
  CP_TRY(database_->execute("DELETE FROM drivers WHERE is_agent = 1"));
  CP_TRY(enlist());
  CP_TRY_ASSIGN(Statement row, database_->prepare("UPDATE drivers SET is_agent = 1 WHERE id = ?"));
  CP_TRY(row.bind(1, driver_).run());
  CP_TRY(transaction.commit());
  return true;
}

Result<bool> JobStore::stop_being_agent(const std::function<Result<bool>()>& may_rest) {
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(const bool rest, may_rest());
  if (!rest) {
    return false;
  }
  CP_TRY_ASSIGN(Statement jobs, database_->prepare("UPDATE jobs SET driver = 0 WHERE driver = ?"));
  CP_TRY(jobs.bind(1, driver_).run());
  CP_TRY_ASSIGN(Statement self, database_->prepare("DELETE FROM drivers WHERE id = ?"));
  CP_TRY(self.bind(1, driver_).run());
  CP_TRY(transaction.commit());
  driver_ = 0;
  return true;
}

int JobStore::change_fd() {
  if (!changes_) {
    changes_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (changes_ && ::inotify_add_watch(changes_.get(), state_directory_.c_str(), IN_MODIFY) < 0) {
      changes_.reset();
    }
  }
  return changes_.get();
}

Result<bool> JobStore::changed() {
  std::array<char, 4096> events{};
  while (changes_ && ::read(changes_.get(), events.data(), events.size()) > 0) {
  }
  CP_TRY_ASSIGN(Statement row, database_->prepare("PRAGMA data_version"));
  CP_TRY(row.step());
  const std::int64_t version = row.integer(0);
  return std::exchange(data_version_, version) != version;
}

}  // namespace cp::jobs
