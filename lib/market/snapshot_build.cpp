// SPDX-License-Identifier: Apache-2.0
#include "market/snapshot_build.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <deque>
#include <fcntl.h>
#include <numeric>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace cp::market {
namespace {

// The columns of the database, in the order of OfferColumn; what comes before them is in kLeading.
constexpr std::string_view kSnapshotQuery =
    "SELECT row, document, price, spot, flags, unit, gpu_model IS NULL, resource, name, kind, "
    "provider, country, region, zone, city, arch, cpu_vendor, cpu_model, gpu_vendor, terms, "
    "gpu_model, currency, nodes, cpus, cores, threads, memory, disk, gpu_count, gpu_memory, "
    "network, rdma, walltime, nodes_per_job, quantum_s, minimum_s, row >> 32 FROM offers "
    "ORDER BY row";
enum Leading : int { kRow, kDocument, kPrice, kSpot, kFlags, kUnit, kHasNoAccelerator, kFirst };
static_assert(Cache::kRowBits == 32);

// Numbers the values of a column as they come.
class Values {
 public:
  explicit Values(OfferColumn column) : column_(column) {}

  std::uint32_t number_of(std::string_view text) {
    if (!texts_.empty() && texts_[last_] == text) {
      return last_;
    }
    const auto known = ids_.find(text);
    last_ = known != ids_.end() ? known->second : add(text);
    return last_;
  }
  std::uint32_t number_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0 : value);
    if (!numbers_.empty() && last_bits_ == bits) {
      return last_;
    }
    last_bits_ = bits;
    const auto [known, is_new] =
        bits_.try_emplace(bits, static_cast<std::uint32_t>(numbers_.size()));
    if (is_new) {
      numbers_.push_back(value);
    }
    last_ = known->second;
    return last_;
  }

  /// Writes the dictionary in its order to VALUES and TEXTS; the code of each number of ours.
  std::vector<std::uint32_t> finish(std::string& values, std::string& texts) {
    return is_text(column_) ? finish_texts(values, texts) : finish_numbers(values);
  }

 private:
  std::uint32_t add(std::string_view text) {
    const auto id = static_cast<std::uint32_t>(texts_.size());
    ids_.emplace(texts_.emplace_back(text), id);
    return id;
  }

  template <class T>
  static void append(std::string& bytes, T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }

  // Of two texts that differ in case alone the language sees one; of models and currencies both.
  std::vector<std::uint32_t> finish_texts(std::string& values, std::string& texts) {
    const bool is_exact = column_ == OfferColumn::gpu_model || column_ == OfferColumn::currency;
    ids_ = {};  // whose texts change now
    std::size_t bytes = 0;
    for (std::string& text : texts_) {
      text = is_exact ? std::move(text) : text::lower(text);
      bytes += text.size();
    }
    std::vector<std::uint32_t> order(texts_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t id) { return std::string_view(texts_[id]); });
    texts.reserve(bytes);
    values.reserve(order.size() * sizeof(std::uint64_t));
    std::vector<std::uint32_t> codes(order.size());
    std::uint32_t code = kFirstCode - 1;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::string& text = texts_[order[i]];
      if (i == 0 || text != texts_[order[i - 1]]) {
        texts += text;
        append(values, std::uint64_t{texts.size()});
        ++code;
      }
      codes[order[i]] = code;
    }
    texts_ = {};
    return codes;
  }

  std::vector<std::uint32_t> finish_numbers(std::string& values) {
    std::vector<std::uint32_t> order(numbers_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return numbers_[a] < numbers_[b]; });
    std::vector<std::uint32_t> codes(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      append(values, numbers_[order[i]]);
      codes[order[i]] = i + kFirstCode;
    }
    return codes;
  }

  OfferColumn column_;
  std::deque<std::string> texts_;  // where they stay
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::vector<double> numbers_;
  std::unordered_map<std::uint64_t, std::uint32_t> bits_;
  std::uint64_t last_bits_ = 0;
  std::uint32_t last_ = 0;
};

// One column as it is gathered: of what is known the number of its value + kFirstCode.
class Gathering {
 public:
  Gathering(OfferColumn column, std::size_t rows) : values_(column) { rows_.reserve(rows); }

  void take(std::uint32_t code) { rows_.push_back(code); }
  template <class T>
  void take_value(T value) {
    rows_.push_back(values_.number_of(value) + kFirstCode);
  }

  /// Afterwards it is empty.
  Result<void> write(SnapshotWriter& writer) {
    std::string values;
    std::string texts;
    const std::vector<std::uint32_t> codes =
        std::exchange(values_, Values(OfferColumn::name)).finish(values, texts);
    for (std::uint32_t& row : rows_) {
      row = row < kFirstCode ? row : codes[row - kFirstCode];
    }
    const std::size_t most = values.size() / sizeof(double) + kFirstCode;
    CP_TRY(most <= 256     ? write_as<std::uint8_t>(writer)
           : most <= 65536 ? write_as<std::uint16_t>(writer)
                           : write_as<std::uint32_t>(writer));
    rows_ = {};
    CP_TRY(writer.add(values));
    return writer.add(texts);
  }

 private:
  template <class Narrow>
  Result<void> write_as(SnapshotWriter& writer) {
    std::vector<Narrow> narrow(rows_.begin(), rows_.end());
    return writer.add(
        {reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(Narrow)});
  }

  Values values_;
  std::vector<std::uint32_t> rows_;
};

class SnapshotBuilder {
 public:
  /// Of about ROWS rows.
  explicit SnapshotBuilder(std::size_t rows) {
    columns_.reserve(kColumns);
    for (std::size_t i = 0; i < kColumns; ++i) {
      columns_.emplace_back(static_cast<OfferColumn>(i), rows);
    }
    for (auto& column : raw_) {
      column.reserve(rows);
    }
    flags_.reserve(rows);
  }

  Result<void> take(const store::Statement& row) {
    const std::int64_t flags = row.integer(kFlags);
    const std::int64_t document = row.integer(kDocument);
    // The rows of one resource are looked at together.
    if ((flags & RowFlags::has_siblings) != 0) {
      if (document < last_document_) {
        return fail(Errc::failed, "the rows of a resource are not together");
      }
      last_document_ = document;
    }
    flags_ += static_cast<char>((flags & 3) | (row.integer(kUnit) << RowFlags::unit_shift));
    raw_[0].push_back(row.integer(kRow));
    raw_[1].push_back(amount(row, kPrice));
    raw_[2].push_back(amount(row, kSpot));
    raw_[3].push_back(document);
    const bool has_no_accelerator = row.integer(kHasNoAccelerator) != 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
      take(row, static_cast<OfferColumn>(i), has_no_accelerator);
    }
    return {};
  }

  Result<void> write(const std::string& path, const SnapshotStamp& stamp) && {
    CP_TRY_ASSIGN(SnapshotWriter writer, SnapshotWriter::create(path));
    for (Gathering& column : columns_) {
      CP_TRY(column.write(writer));
    }
    for (const auto& column : raw_) {
      CP_TRY(writer.add(
          {reinterpret_cast<const char*>(column.data()), column.size() * sizeof(std::int64_t)}));
    }
    CP_TRY(writer.add(flags_));
    return writer.commit(stamp, flags_.size());
  }

 private:
  static std::int64_t amount(const store::Statement& row, int index) {
    return row.is_null(index) ? kNoAmount : row.integer(index);
  }

  void take(const store::Statement& row, OfferColumn column, bool has_no_accelerator) {
    Gathering& gathering = columns_[index_of(column)];
    const int index = kFirst + static_cast<int>(index_of(column));
    const bool is_of_accelerator = column == OfferColumn::gpu_model ||
                                   column == OfferColumn::gpu_vendor ||
                                   column == OfferColumn::gpu_memory;
    if (has_no_accelerator && is_of_accelerator) {
      gathering.take(kNoAcceleratorCode);
    } else if (is_text(column)) {
      const std::string_view text = row.text(index);
      text.empty() ? gathering.take(kUnknownCode) : gathering.take_value(text);
    } else {
      row.is_null(index) ? gathering.take(kUnknownCode) : gathering.take_value(row.real(index));
    }
  }

  std::vector<Gathering> columns_;
  std::array<std::vector<std::int64_t>, kRawColumns> raw_;
  std::string flags_;
  std::int64_t last_document_ = 0;
};

bool has_space(const std::string& directory, std::int64_t rows) {
  constexpr std::uint64_t bytes_a_row = 160;
  struct statvfs status {};
  return ::statvfs(directory.c_str(), &status) == 0 &&
         std::uint64_t{status.f_bavail} * status.f_frsize >
             static_cast<std::uint64_t>(rows) * bytes_a_row;
}

std::int64_t rows_in(std::span<const SourceInfo> sources) {
  return std::accumulate(
      sources.begin(), sources.end(), std::int64_t{0},
      [](std::int64_t sum, const SourceInfo& source) { return sum + source.rows; });
}

}  // namespace

std::string snapshot_path(const Cache& cache) {
  return path_join(cache.directory(), "offers.columns");
}

void forget_snapshot(const Cache& cache) { (void)::unlink(snapshot_path(cache).c_str()); }

Result<SnapshotStamp> stamp_of(Cache& cache, std::span<const SourceInfo> sources) {
  CP_TRY_ASSIGN(std::string text, cache.identity());
  for (const SourceInfo& source : sources) {
    text += fmt::format(" {}:{}", source.number, source.rows);
  }
  return stamp_of(text);
}

namespace {

// What is read within it is of one instant; it ends with it, whatever happens.
class Savepoint {
 public:
  static Result<Savepoint> begin(store::Database& database) {
    CP_TRY(database.execute("SAVEPOINT snapshot"));
    return Savepoint(database);
  }
  Savepoint(Savepoint&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint() {
    if (database_ != nullptr) {
      (void)database_->execute("RELEASE snapshot");
    }
  }

 private:
  explicit Savepoint(store::Database& database) : database_(&database) {}
  store::Database* database_;
};

Result<SnapshotBuilder> read_all(Cache& cache, const SnapshotStamp& stamp) {
  // All of it as it is at one instant, within what the cache has begun or on its own.
  CP_TRY_ASSIGN(const Savepoint savepoint, Savepoint::begin(cache.database()));
  CP_TRY_ASSIGN(const auto sources, cache.sources());
  CP_TRY_ASSIGN(const SnapshotStamp now, stamp_of(cache, sources));
  if (now != stamp) {
    return fail(Errc::failed, "the cache has changed");
  }
  SnapshotBuilder builder(
      static_cast<std::size_t>(std::clamp<std::int64_t>(rows_in(sources), 0, kMostSnapshotRows)));
  CP_TRY_ASSIGN(store::Statement row, cache.database().prepare(kSnapshotQuery));
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, row.step());
    if (!is_there) {
      return builder;
    }
    CP_TRY(builder.take(row));
  }
}

}  // namespace

Result<void> build_snapshot(Cache& cache, const std::string& path, const SnapshotStamp& stamp) {
  const UniqueFd lock(::open(cache.directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::timed_out, "another process is making the snapshot");
  }
  return within_means([&]() -> Result<void> {
    CP_TRY_ASSIGN(SnapshotBuilder builder, read_all(cache, stamp));
    return std::move(builder).write(path, stamp);
  });
}

Result<std::optional<Snapshot>> snapshot_of(Cache& cache, std::span<const SourceInfo> sources,
                                            std::int64_t least_rows) {
  const std::int64_t rows = rows_in(sources);
  if (rows < std::max<std::int64_t>(least_rows, 1) || rows > kMostSnapshotRows) {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(const SnapshotStamp stamp, stamp_of(cache, sources));
  const std::string path = snapshot_path(cache);
  if (auto there = Snapshot::open(path, stamp)) {
    return std::optional(*std::move(there));
  }
  if (::access(cache.directory().c_str(), W_OK) != 0 || !has_space(cache.directory(), rows)) {
    return std::nullopt;
  }
  // What it is made of is what the answer is made of: only a broken cache is an error.
  if (auto built = build_snapshot(cache, path, stamp); !built) {
    return built.error().code == Errc::bad_data
               ? Result<std::optional<Snapshot>>(tl::unexpected<Error>(std::move(built).error()))
               : std::nullopt;
  }
  auto made = Snapshot::open(path, stamp);
  return made ? std::optional(*std::move(made)) : std::nullopt;
}

}  // namespace cp::market
