// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "base/file.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace cp::store {
namespace {

bool is_beside_writable(const std::string& path) {
  const std::string directory = path.substr(0, path.find_last_of('/') + 1);
  return ::access(directory.empty() ? "." : directory.c_str(), W_OK) == 0;
}

bool can_be_written(const std::string& path) {
  return is_beside_writable(path) && ::access(path.c_str(), W_OK) == 0;
}

std::string file_of(sqlite3* database) {
  const char* path = database == nullptr ? nullptr : sqlite3_db_filename(database, "main");
  return path == nullptr ? "" : path;
}

tl::unexpected<Error> no_space(std::string_view what) {
  return fail(Errc::io, "{}: {}", what, errno_text(ENOSPC));
}

tl::unexpected<Error> error_of(sqlite3* database, int code, std::string_view what) {
  const std::string text = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  const int error_number = database == nullptr ? 0 : sqlite3_system_errno(database);
  if ((code & 0xFF) == SQLITE_IOERR && (error_number == ENOSPC || error_number == EDQUOT)) {
    return fail(Errc::io, "{}: {}", what, errno_text(error_number));
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Errc::timed_out, "{}: another process holds the store", what);
    case SQLITE_FULL:
      return no_space(what);
    case SQLITE_READONLY:
      return can_be_written(file_of(database))
                 ? no_space(what)  // it was opened to read for that reason alone
                 : fail(Errc::cannot_create, "{} cannot be written: it is read-only", what);
    case SQLITE_PERM:
      return fail(Errc::denied, "{}: {}", what, text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return with_hint(fail(Errc::bad_data, "{}: {}", what, text),
                       "keep it, and put the last copy that is whole in its place");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return fail(Errc::io, "{}: {}", what, text);
    case SQLITE_CONSTRAINT:
      return fail(Errc::failed, "{}: {}", what, text);
    default:
      return fail(Errc::internal, "{}: {}", what, text);
  }
}

std::string store_of(sqlite3* database) { return "the store " + file_of(database); }

bool is_lock_error(int code) {
  return code == SQLITE_IOERR_LOCK || code == SQLITE_IOERR_RDLOCK || code == SQLITE_IOERR_UNLOCK ||
         code == SQLITE_IOERR_CHECKRESERVEDLOCK || code == SQLITE_IOERR_SHMLOCK ||
         code == SQLITE_IOERR_SHMOPEN;
}

// Makes the file with mode 0600 before SQLite would make it with the umask's. One that is there is
// not opened: closing any descriptor of it would give up the locks that other connections of this
// process have (fcntl(2)), and the next process to leave would delete the log under them.
Result<void> create_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  struct stat status {};
  if (!fd && (errno != EEXIST || ::access(path.c_str(), R_OK | W_OK) != 0 ||
              ::stat(path.c_str(), &status) != 0)) {
    return fail_errno(Errc::cannot_create, errno, "cannot open the store " + path);
  }
  if (S_ISDIR(status.st_mode)) {
    return fail_errno(Errc::cannot_create, EISDIR, "cannot open the store " + path);
  }
  return {};
}

// Whether nobody can write beside PATH, or begin to, and nothing stands in a write-ahead log there.
bool stands_still(const std::string& path, bool has_no_space) {
  struct stat log {};
  const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0;
  return has_no_space ? !has_log || log.st_size == 0 : !is_beside_writable(path) && !has_log;
}

// PATH as SQLite reads it without locks and without the index of a log, which it could not make.
std::string unchanging(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", static_cast<unsigned char>(c))
                                            : std::string(1, c);
  }
  return uri + "?immutable=1";
}

Result<std::int64_t> pragma_integer(Database& database, std::string_view name) {
  CP_TRY_ASSIGN(Statement statement, database.prepare(fmt::format("PRAGMA {}", name)));
  CP_TRY_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

// Settles how a new connection works. Two that are the first to open a store both hold it to read
// when they come to turn its log on: SQLite refuses one of them without asking the busy handler,
// since waiting with that lock could end never. Giving the lock up and coming again ends.
Result<void> settle(Database& database, const std::string& settings, sqlite3* raw, int busy_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_ms);
  while (true) {
    auto settled = database.execute(settings);
    if (settled || (sqlite3_extended_errcode(raw) & 0xFF) != SQLITE_BUSY ||
        std::chrono::steady_clock::now() >= until) {
      return settled;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

Result<void> migrate(Database& database, Migrations migrations, const std::string& path) {
  const auto newest = static_cast<std::int64_t>(migrations.size());
  CP_TRY_ASSIGN(std::int64_t version, pragma_integer(database, "user_version"));
  if (version == newest) {
    return {};
  }
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
  CP_TRY_ASSIGN(version, pragma_integer(database, "user_version"));
  if (version > newest) {
    return fail(Errc::bad_config, "{} was written by a newer release (version {} of {})", path,
                version, newest);
  }
  for (; version < newest; ++version) {
    CP_TRY(database.execute(migrations[static_cast<std::size_t>(version)]));
  }
  CP_TRY(database.execute(fmt::format("PRAGMA user_version = {}", newest)));
  return transaction.commit();
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// A failed bind (a wrong index, a text of more than 1 GB) is our bug.
static void must(int code) {
  if (code != SQLITE_OK) {
    std::abort();
  }
}

Statement& Statement::bind(int index, std::string_view text) {
  must(sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                           text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_borrowed(int index, std::string_view text) {
  must(sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                           text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  must(sqlite3_bind_int64(statement_.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  must(sqlite3_bind_double(statement_.get(), index, value));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  must(sqlite3_bind_blob64(statement_.get(), index, bytes.data() == nullptr ? "" : bytes.data(),
                           bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int index) {
  must(sqlite3_bind_null(statement_.get(), index));
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  sqlite3* const database = sqlite3_db_handle(statement_.get());
  auto error = error_of(database, sqlite3_extended_errcode(database), store_of(database));
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> Statement::run() {
  while (true) {
    CP_TRY_ASSIGN(const bool row, step());
    if (!row) {
      reset();
      return {};
    }
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int count = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string_view{}
                          : std::string_view(bytes, static_cast<std::size_t>(count));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path, const Options& options) {
  Options settled = options;
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  settled.read_only |= options.falls_back_to_reading && is_there && !can_be_written(path);
  auto opened = open_as_told(path, settled);
  // The index of the log finds no room, then: whoever had the store open would have made it.
  const bool has_no_space =
      !opened && opened.error().message.ends_with(errno_text(ENOSPC)) && !settled.read_only;
  if (!has_no_space || !options.falls_back_to_reading || !is_there || !stands_still(path, true)) {
    return opened;
  }
  settled.read_only = true;
  settled.has_no_space = true;
  return open_as_told(path, settled);
}

Result<Database> Database::in_memory(Migrations migrations) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return error_of(raw, code, "cannot open a store in memory");
  }
  CP_TRY(migrate(database, migrations, "a store in memory"));
  return database;
}

Result<Database> Database::open_as_told(const std::string& path, const Options& options) {
  if (options.read_only) {
    if (::access(path.c_str(), F_OK) != 0) {
      return fail_errno(errno, "cannot open the store " + path);
    }
  } else {
    CP_TRY(create_file(path));
  }
  sqlite3* raw = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const bool is_still = options.read_only && stands_still(path, options.has_no_space);
  const std::string name = is_still ? unchanging(path) : path;
  const int code =
      sqlite3_open_v2(name.c_str(), &raw, is_still ? flags | SQLITE_OPEN_URI : flags, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return error_of(raw, code, "cannot open the store " + path);
  }
  sqlite3_busy_timeout(raw, options.busy_timeout_ms);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, options.keep_log ? 1 : 0, nullptr);
  if (!options.read_only) {
    const bool shared = is_on_network_file_system(path);
    const auto settings =
        fmt::format("PRAGMA journal_mode = {}; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON",
                    shared ? "DELETE" : "WAL", options.is_cache ? "NORMAL" : "FULL");
    const auto set = settle(database, settings, raw, options.busy_timeout_ms);
    // The journal mode takes a lock: where locks do not work, this is where it shows.
    if (!set && is_lock_error(sqlite3_extended_errcode(raw))) {
      return with_hint(fail(Errc::bad_config, "locks do not work on {}", path),
                       "set CP_STATE_DIR to a directory on a local file system");
    }
    CP_TRY(set);
  }
  CP_TRY(migrate(database, options.migrations, path));
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), 0,
                                      &raw, nullptr);
  if (code != SQLITE_OK) {
    return error_of(database_.get(), code, store_of(database_.get()));
  }
  return Statement(raw);
}

Result<void> Database::execute(std::string_view sql) {
  const int code =
      sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return error_of(database_.get(), code, store_of(database_.get()));
  }
  return {};
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(database_.get()); }

std::int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

bool Database::is_read_only() const { return sqlite3_db_readonly(database_.get(), "main") == 1; }

Result<Transaction> Transaction::begin(Database& database) {
  CP_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) {
    // After an error SQLite may have rolled back already.
    (void)database_->execute("ROLLBACK");
  }
}

Result<void> Transaction::commit() {
  CP_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace cp::store
