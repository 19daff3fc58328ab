// SPDX-License-Identifier: Apache-2.0
#include "market/cache.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>

namespace cp::market {
namespace {

// Of the columns of a row those come first that most queries look at: SQLite reads a row from its
// beginning. gpu_count is 0 and gpu_model NULL where it is known that there are no accelerators;
// gpu_count is NULL and gpu_model '' where nothing is known.
constexpr std::array<std::string_view, 3> kMigrations{R"(
CREATE TABLE sources (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  file TEXT NOT NULL,
  rows INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  repaired INTEGER NOT NULL,
  merged INTEGER NOT NULL,
  as_of TEXT NOT NULL,
  imported_at TEXT NOT NULL);
CREATE TABLE offers (
  row INTEGER PRIMARY KEY,
  flags INTEGER NOT NULL,
  unit INTEGER NOT NULL,
  price INTEGER,
  spot INTEGER,
  currency TEXT,
  cpus INTEGER,
  memory INTEGER,
  gpu_count REAL,
  gpu_model TEXT,
  gpu_memory INTEGER,
  region TEXT,
  country TEXT,
  name TEXT,
  terms TEXT,
  quantum_s INTEGER NOT NULL,
  minimum_s INTEGER NOT NULL,
  kind TEXT,
  provider TEXT,
  arch TEXT,
  nodes INTEGER,
  cores INTEGER,
  threads INTEGER,
  disk INTEGER,
  network REAL,
  rdma REAL,
  zone TEXT,
  city TEXT,
  gpu_vendor TEXT,
  gpu_native TEXT,
  cpu_vendor TEXT,
  cpu_model TEXT,
  walltime REAL,
  nodes_per_job INTEGER,
  resource TEXT,
  latitude REAL,
  longitude REAL,
  price_as_of TEXT,
  line INTEGER NOT NULL,
  document INTEGER NOT NULL);
CREATE INDEX offers_gpu ON offers (gpu_model) WHERE gpu_model IS NOT NULL;
CREATE TABLE documents (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE models (name TEXT PRIMARY KEY) WITHOUT ROWID;
)",
                                                      R"(
CREATE TABLE runs (
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  cpus INTEGER,
  memory INTEGER,
  gpu_count REAL,
  gpu_model TEXT,
  gpu_memory INTEGER);
INSERT INTO runs SELECT row, row, cpus, memory, gpu_count, gpu_model, gpu_memory FROM offers;
)",
                                                      R"(
CREATE TABLE identity (value TEXT NOT NULL);
INSERT INTO identity VALUES (hex(randomblob(16)));
)"};

constexpr std::string_view kOfferColumns =
    "row,flags,unit,price,spot,currency,cpus,memory,gpu_count,gpu_model,gpu_memory,region,country,"
    "name,terms,quantum_s,minimum_s,kind,provider,arch,nodes,cores,threads,disk,network,rdma,zone,"
    "city,gpu_vendor,gpu_native,cpu_vendor,cpu_model,walltime,nodes_per_job,resource,latitude,"
    "longitude,price_as_of,line,document";
constexpr int kColumnCount = 40;

constexpr std::int64_t kHasPolicy = 1;
constexpr std::int64_t kHasSiblings = 2;

store::Database::Options options(bool read_only) {
  store::Database::Options options;
  options.migrations = kMigrations;
  options.is_cache = true;
  options.read_only = read_only;
  return options;
}

std::string database_in(const std::string& directory) { return path_join(directory, "offers.db"); }

// Values stand in their places until the next row comes: what is absent is bound as NULL by reset.
class Binder {
 public:
  explicit Binder(store::Statement& statement) : statement_(statement) {}
  Binder& integer(std::int64_t value) {
    statement_.bind(++index_, value);
    return *this;
  }
  template <class T>
  Binder& optional(const std::optional<T>& value) {
    ++index_;
    if (value) {
      statement_.bind(index_, *value);
    }
    return *this;
  }
  Binder& text(std::string_view value) {
    ++index_;
    if (!value.empty()) {
      statement_.bind_borrowed(index_, value);
    }
    return *this;
  }
  Binder& known_text(std::string_view value) {
    statement_.bind_borrowed(++index_, value);
    return *this;
  }
  Binder& skip() {
    ++index_;
    return *this;
  }

 private:
  store::Statement& statement_;
  int index_ = 0;
};

template <class Text>
void bind_accelerator(Binder& binder, const BasicRow<Text>& row) {
  switch (row.accelerators) {
    case Accelerators::unknown:
      binder.skip().known_text("");
      break;
    case Accelerators::none:
      binder.integer(0).skip();
      break;
    case Accelerators::some:
      binder.optional(row.gpu_count).known_text(row.gpu_model);
  }
}

// Reads the columns of kOfferColumns in turn.
class RowReader {
 public:
  explicit RowReader(const store::Statement& statement) : statement_(statement) {}
  std::int64_t integer() { return statement_.integer(index_++); }
  std::optional<std::int64_t> maybe_integer() {
    const int index = index_++;
    return statement_.is_null(index) ? std::nullopt : std::optional(statement_.integer(index));
  }
  std::optional<double> maybe_real() {
    const int index = index_++;
    return statement_.is_null(index) ? std::nullopt : std::optional(statement_.real(index));
  }
  bool is_null() const { return statement_.is_null(index_); }
  std::string text() { return std::string(statement_.text(index_++)); }

 private:
  const store::Statement& statement_;
  int index_ = 0;
};

Accelerators accelerators_of(const Row& row, bool has_none) {
  if (has_none) {
    return Accelerators::none;
  }
  const bool is_known = row.gpu_count || row.gpu_memory_bytes || !row.gpu_model.empty() ||
                        !row.gpu_vendor.empty() || !row.gpu_native.empty();
  return is_known ? Accelerators::some : Accelerators::unknown;
}

Row read_row(const store::Statement& statement) {
  RowReader reader(statement);
  Row row;
  reader.integer();
  const std::int64_t flags = reader.integer();
  row.has_policy = (flags & kHasPolicy) != 0;
  row.has_siblings = (flags & kHasSiblings) != 0;
  row.unit = static_cast<BillingUnit>(reader.integer());
  row.price = reader.maybe_integer();
  row.spot = reader.maybe_integer();
  row.currency = reader.text();
  reader.maybe_integer();  // cpus follows from cores, threads and kind
  row.memory_bytes = reader.maybe_integer();
  row.gpu_count = reader.maybe_real();
  const bool has_no_accelerator = reader.is_null();
  row.gpu_model = reader.text();
  row.gpu_memory_bytes = reader.maybe_integer();
  row.region = reader.text();
  row.country = reader.text();
  row.name = reader.text();
  row.terms = reader.text();
  row.quantum_s = reader.integer();
  row.minimum_s = reader.integer();
  row.kind = reader.text();
  row.provider = reader.text();
  row.arch = reader.text();
  row.nodes = reader.maybe_integer();
  row.cores = reader.maybe_integer();
  row.threads = reader.maybe_integer();
  row.disk_bytes = reader.maybe_integer();
  row.network_bps = reader.maybe_real();
  row.rdma_bps = reader.maybe_real();
  row.zone = reader.text();
  row.city = reader.text();
  row.gpu_vendor = reader.text();
  row.gpu_native = reader.text();
  row.cpu_vendor = reader.text();
  row.cpu_model = reader.text();
  row.walltime_s = reader.maybe_real();
  row.nodes_per_job = reader.maybe_integer();
  row.resource = reader.text();
  row.latitude = reader.maybe_real();
  row.longitude = reader.maybe_real();
  row.price_as_of = reader.text();
  row.line = reader.integer();
  row.document = reader.integer();
  row.accelerators = accelerators_of(row, has_no_accelerator);
  return row;
}

Result<void> drop_rows(store::Database& database, std::int64_t number) {
  for (const std::string_view sql : {"DELETE FROM offers WHERE row >= ? AND row < ?",
                                     "DELETE FROM runs WHERE first >= ? AND first < ?",
                                     "DELETE FROM documents WHERE number >= ? AND number < ?"}) {
    CP_TRY_ASSIGN(store::Statement statement, database.prepare(sql));
    statement.bind(1, number << Cache::kRowBits).bind(2, (number + 1) << Cache::kRowBits);
    CP_TRY(statement.run());
  }
  CP_TRY_ASSIGN(store::Statement statement,
                database.prepare("DELETE FROM sources WHERE number = ?"));
  return statement.bind(1, number).run();
}

Result<std::optional<std::int64_t>> find_source(store::Database& database, std::string_view name) {
  CP_TRY_ASSIGN(store::Statement statement,
                database.prepare("SELECT number FROM sources WHERE name = ?"));
  CP_TRY_ASSIGN(const bool is_there, statement.bind(1, name).step());
  return is_there ? std::optional(statement.integer(0)) : std::nullopt;
}

Result<std::int64_t> insert_source(store::Database& database, const SourceInfo& source) {
  CP_TRY_ASSIGN(store::Statement statement,
                database.prepare("INSERT INTO sources (name, kind, file, rows, rejected, repaired, "
                                 "merged, as_of, imported_at) VALUES (?,?,?,0,0,0,0,?,?)"));
  statement.bind(1, source.name).bind(2, source.kind).bind(3, source.file);
  CP_TRY(statement.bind(4, source.as_of).bind(5, source.imported_at).run());
  return database.last_insert_id();
}

}  // namespace

model::Json to_json(const SourceInfo& source, UnixTime now) {
  model::Json json{{"schema", "cp.source/1"}, {"name", source.name}, {"kind", source.kind}};
  if (utf8::is_valid(source.file)) {
    const bool is_url = source.file.starts_with("https://") || source.file.starts_with("http://");
    json["url"] = is_url ? source.file : "file:" + source.file;
  }
  json["offers"] = source.rows;
  json["repaired"] = source.repaired;
  json["rejected"] = source.rejected;
  json["merged"] = source.merged;
  json["trusted"] = false;
  json["imported_at"] = source.imported_at;
  if (!source.as_of.empty()) {
    json["as_of"] = source.as_of;
  }
  const auto then = parse_time(source.as_of.empty() ? source.imported_at : source.as_of);
  if (then && *then <= now) {
    json["age_s"] = std::chrono::duration_cast<std::chrono::seconds>(now - *then).count();
  }
  return json;
}

Result<Cache> Cache::open(const std::string& directory) {
  CP_TRY(make_directories(directory, 0700));
  auto database = store::Database::open(database_in(directory), options(false));
  if (!database && database.error().code == Errc::bad_data) {
    return remake(directory);
  }
  if (!database) {
    return tl::unexpected<Error>(std::move(database).error());
  }
  return Cache(*std::move(database), directory);
}

// One at a time: the second one finds what the first one made.
Result<Cache> Cache::remake(const std::string& directory) {
  const UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    return fail_errno(errno, "cannot lock " + directory);
  }
  const std::string path = database_in(directory);
  auto database = store::Database::open(path, options(false));
  const bool is_damaged = !database && database.error().code == Errc::bad_data;
  if (is_damaged) {
    for (const char* end : {"-wal", "-shm", ""}) {
      const std::string file = path + end;
      if (::rename(file.c_str(), (path + ".damaged" + end).c_str()) != 0 && errno != ENOENT) {
        return fail_errno(errno, "cannot set the damaged " + file + " aside");
      }
    }
    database = store::Database::open(path, options(false));
  }
  if (!database) {
    return tl::unexpected<Error>(std::move(database).error());
  }
  Cache cache(*std::move(database), directory);
  cache.was_damaged_ = is_damaged;
  return cache;
}

tl::unexpected<Error> Cache::explained(Error error) {
  if (error.code == Errc::bad_data) {
    error.message = "the cache is damaged: " + error.message;
    error.hint = "remove offers.db from the cache directory and import the catalogs again";
  }
  return tl::unexpected<Error>(std::move(error));
}

Result<std::optional<Cache>> Cache::open_to_read(const std::string& directory) {
  auto database = store::Database::open(database_in(directory), options(true));
  if (!database && database.error().code == Errc::not_found) {
    return std::nullopt;
  }
  if (!database && database.error().code == Errc::bad_data) {
    return explained(std::move(database).error());
  }
  if (!database) {
    // One that an older release wrote, or whose writer died, is brought up to date first.
    CP_TRY_ASSIGN(Cache cache, open(directory));
    return cache;
  }
  // One snapshot from the first row that is looked for to the last that is printed, whatever is
  // imported meanwhile.
  CP_TRY(database->execute("PRAGMA mmap_size = 1073741824; BEGIN"));
  return Cache(*std::move(database), directory);
}

Result<std::vector<SourceInfo>> Cache::sources() {
  CP_TRY_ASSIGN(store::Statement statement,
                database_.prepare("SELECT number, name, kind, file, rows, rejected, repaired, "
                                  "merged, as_of, imported_at FROM sources ORDER BY name"));
  std::vector<SourceInfo> all;
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, statement.step());
    if (!is_there) {
      return all;
    }
    RowReader reader(statement);
    SourceInfo source;
    source.number = reader.integer();
    source.name = reader.text();
    source.kind = reader.text();
    source.file = reader.text();
    source.rows = reader.integer();
    source.rejected = reader.integer();
    source.repaired = reader.integer();
    source.merged = reader.integer();
    source.as_of = reader.text();
    source.imported_at = reader.text();
    all.push_back(std::move(source));
  }
}

Result<void> Cache::remove_source(std::string_view name) {
  CP_TRY_ASSIGN(store::Transaction transaction, store::Transaction::begin(database_));
  CP_TRY_ASSIGN(const auto number, find_source(database_, name));
  if (!number) {
    CP_TRY_ASSIGN(const auto all, sources());
    std::vector<std::string_view> names;
    for (const SourceInfo& source : all) {
      names.push_back(source.name);
    }
    const auto near = text::near_match(name, names);
    return with_hint(fail(Errc::not_found, "there is no source '{}'", name),
                     near ? fmt::format("did you mean {}?", *near) : "");
  }
  CP_TRY(drop_rows(database_, *number));
  return transaction.commit();
}

Result<Cache::Stored> Cache::load(std::int64_t row) {
  if (!load_) {
    CP_TRY_ASSIGN(load_, database_.prepare(
                             fmt::format("SELECT {} FROM offers WHERE row = ?", kOfferColumns)));
  }
  load_->reset();
  CP_TRY_ASSIGN(const bool is_there, load_->bind(1, row).step());
  if (!is_there) {
    return fail(Errc::not_found, "row {} is no longer in the cache", row);
  }
  Stored stored{read_row(*load_), {}};
  load_->reset();
  if (stored.row.document != 0) {
    CP_TRY_ASSIGN(store::Statement document,
                  database_.prepare("SELECT text FROM documents WHERE number = ?"));
    CP_TRY(document.bind(1, stored.row.document).step());
    stored.document = document.text(0);
  }
  return stored;
}

Result<std::int64_t> Cache::runs() {
  CP_TRY_ASSIGN(store::Statement statement, database_.prepare("SELECT count(*) FROM runs"));
  CP_TRY(statement.step());
  return statement.integer(0);
}

Result<std::vector<std::string>> Cache::models() {
  CP_TRY_ASSIGN(store::Statement statement, database_.prepare("SELECT name FROM models"));
  std::vector<std::string> names;
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, statement.step());
    if (!is_there) {
      return names;
    }
    names.emplace_back(statement.text(0));
  }
}

Result<std::string> Cache::identity() {
  CP_TRY_ASSIGN(store::Statement statement, database_.prepare("SELECT value FROM identity"));
  CP_TRY(statement.step());
  return std::string(statement.text(0));
}

CacheImport::CacheImport(Cache& cache, SourceInfo source, store::Transaction transaction,
                         store::Statement insert, store::Statement insert_run,
                         store::Statement insert_document)
    : cache_(&cache),
      source_(std::move(source)),
      transaction_(std::move(transaction)),
      insert_(std::move(insert)),
      insert_run_(std::move(insert_run)),
      insert_document_(std::move(insert_document)) {}

Result<CacheImport> CacheImport::begin(Cache& cache, SourceInfo source) {
  store::Database& database = cache.database_;
  // All pages of an import stay in memory until it commits.
  CP_TRY(database.execute("PRAGMA cache_size = -262144"));
  CP_TRY_ASSIGN(store::Transaction transaction, store::Transaction::begin(database));
  CP_TRY_ASSIGN(const auto before, find_source(database, source.name));
  if (before) {
    CP_TRY(drop_rows(database, *before));
  }
  CP_TRY_ASSIGN(source.number, insert_source(database, source));
  std::string places = "?";
  for (int i = 1; i < kColumnCount; ++i) {
    places += ",?";
  }
  CP_TRY_ASSIGN(
      store::Statement insert,
      database.prepare(fmt::format("INSERT INTO offers ({}) VALUES ({})", kOfferColumns, places)));
  CP_TRY_ASSIGN(store::Statement insert_run,
                database.prepare("INSERT INTO runs VALUES (?,?,?,?,?,?,?)"));
  CP_TRY_ASSIGN(store::Statement insert_document,
                database.prepare("INSERT INTO documents (number, text) VALUES (?, ?)"));
  return CacheImport(cache, std::move(source), std::move(transaction), std::move(insert),
                     std::move(insert_run), std::move(insert_document));
}

template <class Text>
bool CacheImport::Run::is_like(const BasicRow<Text>& row) const {
  return row.cpus() == cpus && row.memory_bytes == memory && row.accelerators == accelerators &&
         row.gpu_count == gpu_count && row.gpu_memory_bytes == gpu_memory &&
         row.gpu_model == gpu_model;
}

template <class Text>
Result<void> CacheImport::follow_run(const BasicRow<Text>& row, std::int64_t number) {
  if (run_ && run_->is_like(row)) {
    run_->last = number;
    return {};
  }
  CP_TRY(end_run());
  run_ = Run{number,           number,        row.cpus(),           row.memory_bytes,
             row.accelerators, row.gpu_count, row.gpu_memory_bytes, std::string(row.gpu_model)};
  return {};
}

Result<void> CacheImport::end_run() {
  if (!run_) {
    return {};
  }
  RowView row;
  row.accelerators = run_->accelerators;
  row.gpu_count = run_->gpu_count;
  row.gpu_model = run_->gpu_model;
  Binder binder(insert_run_);
  binder.integer(run_->first).integer(run_->last).optional(run_->cpus).optional(run_->memory);
  bind_accelerator(binder, row);
  binder.optional(run_->gpu_memory);
  return insert_run_.run();
}

template <class Text>
Result<void> CacheImport::add(const BasicRow<Text>& row) {
  const std::int64_t number = (source_.number << Cache::kRowBits) + ++rows_;
  CP_TRY(follow_run(row, number));
  Binder binder(insert_);
  binder.integer(number)
      .integer((row.has_policy ? kHasPolicy : 0) | (row.has_siblings ? kHasSiblings : 0))
      .integer(static_cast<std::int64_t>(row.unit))
      .optional(row.price)
      .optional(row.spot)
      .text(row.currency)
      .optional(row.cpus())
      .optional(row.memory_bytes);
  bind_accelerator(binder, row);
  binder.optional(row.gpu_memory_bytes)
      .text(row.region)
      .text(row.country)
      .text(row.name)
      .text(row.terms)
      .integer(row.quantum_s)
      .integer(row.minimum_s)
      .text(row.kind)
      .text(row.provider)
      .text(row.arch)
      .optional(row.nodes)
      .optional(row.cores)
      .optional(row.threads)
      .optional(row.disk_bytes)
      .optional(row.network_bps)
      .optional(row.rdma_bps)
      .text(row.zone)
      .text(row.city)
      .text(row.gpu_vendor)
      .text(row.gpu_native)
      .text(row.cpu_vendor)
      .text(row.cpu_model)
      .optional(row.walltime_s)
      .optional(row.nodes_per_job)
      .text(row.resource)
      .optional(row.latitude)
      .optional(row.longitude)
      .text(row.price_as_of)
      .integer(row.line)
      .integer(row.document);
  if (row.accelerators == Accelerators::some) {
    models_.emplace(row.gpu_model);
  }
  return insert_.run();
}

template Result<void> CacheImport::add(const Row& row);
template Result<void> CacheImport::add(const RowView& row);

Result<std::int64_t> CacheImport::add_document(std::string_view text) {
  const std::int64_t number = (source_.number << Cache::kRowBits) + ++documents_;
  CP_TRY(insert_document_.bind(1, number).bind(2, text).run());
  return number;
}

Result<void> CacheImport::merge_regions(const std::function<void(std::int64_t line)>& each_merged) {
  store::Database& database = cache_->database_;
  const std::int64_t first = source_.number << Cache::kRowBits;
  constexpr std::string_view others =
      "FROM offers WHERE row > ?1 AND row NOT IN (SELECT min(row) FROM offers WHERE row > ?1 GROUP "
      "BY name, unit, price, spot, cpus, memory, gpu_count, gpu_model, gpu_memory)";
  CP_TRY_ASSIGN(store::Statement list,
                database.prepare(fmt::format("SELECT line {} ORDER BY row", others)));
  list.bind(1, first);
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, list.step());
    if (!is_there) {
      break;
    }
    each_merged(list.integer(0));
    --rows_;
  }
  for (const auto& sql :
       {fmt::format("DELETE {}", others),
        std::string("UPDATE offers SET region = NULL, zone = NULL WHERE row > ?1")}) {
    CP_TRY_ASSIGN(store::Statement statement, database.prepare(sql));
    CP_TRY(statement.bind(1, first).run());
  }
  return {};
}

Result<void> CacheImport::remember_models() {
  CP_TRY_ASSIGN(store::Statement statement,
                cache_->database_.prepare("INSERT OR IGNORE INTO models VALUES (?)"));
  for (const std::string& model : models_) {
    CP_TRY(statement.bind(1, model).run());
  }
  return {};
}

Result<SourceInfo> CacheImport::commit(const Lint& lint) {
  source_.rows = rows_;
  source_.rejected = lint.rejected();
  source_.repaired = lint.repaired();
  source_.merged = lint.merged();
  CP_TRY(end_run());
  CP_TRY(remember_models());
  CP_TRY_ASSIGN(
      store::Statement statement,
      cache_->database_.prepare("UPDATE sources SET rows = ?, rejected = ?, repaired = ?, "
                                "merged = ? WHERE number = ?"));
  statement.bind(1, source_.rows).bind(2, source_.rejected).bind(3, source_.repaired);
  CP_TRY(statement.bind(4, source_.merged).bind(5, source_.number).run());
  // With SQLite's statements still prepared a commit is no problem; they end before the cache.
  CP_TRY(transaction_.commit());
  return source_;
}

}  // namespace cp::market
