// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "market/lint.hpp"
#include "market/row.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace cp::market {

/// What is known of an imported source.
struct SourceInfo {
  /// Of this state of it: an import gives it a new one, and the rows of a number never change.
  std::int64_t number = 0;
  std::string name;
  std::string kind;  ///< "ndjson", "skypilot", "sparecores"
  std::string file;  ///< as it was named when it was imported
  std::int64_t rows = 0, rejected = 0, repaired = 0, merged = 0;
  std::string as_of;  ///< as the user or the data say; empty: nobody did
  std::string imported_at;
};

/// Its cp.source/1 at NOW, without a status.
model::Json to_json(const SourceInfo& source, UnixTime now);

class CacheImport;

/// The offers of imported catalogs, one row each in plain columns: offers.db of the cache
/// directory. Several processes may use one at once. One object is for one thread.
class Cache {
 public:
  /// Opens or makes the cache in DIRECTORY, which is made with mode 0700. A file that is no
  /// database is set aside as offers.db.damaged.
  static Result<Cache> open(const std::string& directory);
  /// Opens it for reading; nullopt when there is none yet, bad_data when it is damaged.
  static Result<std::optional<Cache>> open_to_read(const std::string& directory);

  /// Whether `open` had to make it anew.
  bool was_damaged() const { return was_damaged_; }
  /// ERROR of the cache's database, with what to do when that is damaged.
  static tl::unexpected<Error> explained(Error error);

  Result<std::vector<SourceInfo>> sources();
  /// not_found, with the near match as hint, when there is no source called NAME.
  Result<void> remove_source(std::string_view name);

  /// The row numbered ROW, and its cp.resource where the row does not say it all.
  struct Stored {
    Row row;
    std::string document;
  };
  Result<Stored> load(std::int64_t row);

  /// The number of the source that the row numbered ROW belongs to.
  static std::int64_t source_of(std::int64_t row) { return row >> kRowBits; }
  static constexpr int kRowBits = 32;

  /// How many runs of rows there are that are alike in CPUs, memory and accelerators: the table
  /// "runs" has `first` and `last` of each, and those columns.
  Result<std::int64_t> runs();

  /// The canonical names of accelerators that rows have (and some that rows had).
  Result<std::vector<std::string>> models();

  /// What no other cache has: numbers of sources mean something beside it alone.
  Result<std::string> identity();
  const std::string& directory() const { return directory_; }

  store::Database& database() { return database_; }

 private:
  friend class CacheImport;
  Cache(store::Database database, std::string directory)
      : database_(std::move(database)), directory_(std::move(directory)) {}
  static Result<Cache> remake(const std::string& directory);

  store::Database database_;
  std::string directory_;
  std::optional<store::Statement> load_;
  bool was_damaged_ = false;
};

/// The import of a source's rows: one transaction, which puts them all in place of what the source
/// had before, or changes nothing. The Cache outlives it.
class CacheImport {
 public:
  /// Waits until no other import runs. SOURCE says all but number and counts.
  static Result<CacheImport> begin(Cache& cache, SourceInfo source);

  template <class Text>
  Result<void> add(const BasicRow<Text>& row);
  /// Keeps TEXT as the cp.resource of the rows to come, whose `document` is the number it gives.
  Result<std::int64_t> add_document(std::string_view text);
  std::int64_t rows() const { return rows_; }

  /// Keeps of the rows that say the same of a type but its region and zone one, without them; the
  /// lines of the others go to EACH_MERGED.
  Result<void> merge_regions(const std::function<void(std::int64_t line)>& each_merged);

  /// Durable when it returns. LINT's counts become the source's.
  Result<SourceInfo> commit(const Lint& lint);

 private:
  CacheImport(Cache& cache, SourceInfo source, store::Transaction transaction,
              store::Statement insert, store::Statement insert_run,
              store::Statement insert_document);
  Result<void> remember_models();

  struct Run {
    std::int64_t first = 0, last = 0;
    std::optional<std::int64_t> cpus, memory;
    Accelerators accelerators = Accelerators::unknown;
    std::optional<double> gpu_count;
    std::optional<std::int64_t> gpu_memory;
    std::string gpu_model;

    template <class Text>
    bool is_like(const BasicRow<Text>& row) const;
  };
  template <class Text>
  Result<void> follow_run(const BasicRow<Text>& row, std::int64_t number);
  Result<void> end_run();

  Cache* cache_;
  SourceInfo source_;
  store::Transaction transaction_;
  store::Statement insert_;
  store::Statement insert_run_;
  store::Statement insert_document_;
  std::optional<Run> run_;
  std::unordered_set<std::string> models_;
  std::int64_t rows_ = 0;
  std::int64_t documents_ = 0;
};

}  // namespace cp::market
