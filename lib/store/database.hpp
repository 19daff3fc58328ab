// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace cp::store {

/// A prepared statement. Values are bound from 1 on, columns read from 0 on, as in SQLite. Borrowed
/// from its Database, which must outlive it. Not thread-safe.
class Statement {
 public:
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  /// As `bind`, without a copy: TEXT stays where it is until the next `reset` or `run`.
  Statement& bind_borrowed(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  /// Goes to the next row; false after the last. timed_out when another process holds the store for
  /// longer than the busy time, io for a failed disk.
  Result<bool> step();
  /// Runs it to its end and makes it ready for new values.
  Result<void> run();
  /// Makes it ready for new values.
  void reset();

  bool is_null(int column) const;
  /// Valid until the next step.
  std::string_view text(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One step of a store's history: SQL that takes version N to N+1. Released steps never change.
using Migrations = std::span<const std::string_view>;

/// A SQLite database opened as SECURITY §7 says: WAL only on a local file system, a rollback
/// journal elsewhere, always synchronous=FULL unless it is a cache; a lock is tried at opening. One
/// connection, for one thread.
class Database {
 public:
  struct Options {
    Migrations migrations;
    bool is_cache = false;  ///< may be lost: synchronous=NORMAL, and a damaged one is made anew
    /// Not_found when it is not there. Works also where nobody can write beside it, unless a log
    /// was left there.
    bool read_only = false;
    /// One that is there, in a place that cannot be written or has no space left, is opened as if
    /// `read_only`; what would write to it fails with cannot_create, or io.
    bool falls_back_to_reading = false;
    bool has_no_space = false;  ///< set by `open` for itself
    /// The last one to leave does not fold the write-ahead log into the database: for many short
    /// processes, each of which would pay for it with several syncs.
    bool keep_log = false;
    int busy_timeout_ms = 10'000;
  };

  /// Opens or makes the database at PATH (mode 0600; its directory must be there) and brings it to
  /// the newest version. bad_config when locks do not work there (names CP_STATE_DIR) or when it
  /// was written by a newer release.
  static Result<Database> open(const std::string& path, const Options& options);

  /// An empty one that ends with the object.
  static Result<Database> in_memory(Migrations migrations);

  Result<Statement> prepare(std::string_view sql);
  /// Runs SQL (one or more statements, no values).
  Result<void> execute(std::string_view sql);
  std::int64_t last_insert_id() const;
  std::int64_t changes() const;
  bool is_read_only() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  static Result<Database> open_as_told(const std::string& path, const Options& options);
  std::unique_ptr<sqlite3, Close> database_;
};

/// BEGIN IMMEDIATE … COMMIT; rolls back when it is dropped without `commit`. The Database outlives
/// it.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// Durable when it returns.
  Result<void> commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace cp::store
