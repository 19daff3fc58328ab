// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/snapshot_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// The columns of a snapshot that stand as codes, each with a dictionary of its values. Text is in
/// lower case, as the language compares it, but for gpu_model and currency.
enum class OfferColumn : std::uint8_t {
  resource,
  name,
  kind,
  provider,
  country,
  region,
  zone,
  city,
  arch,
  cpu_vendor,
  cpu_model,
  gpu_vendor,
  terms,
  gpu_model,
  currency,
  nodes,  // numbers from here on
  cpus,
  cores,
  threads,
  memory,
  disk,
  gpu_count,
  gpu_memory,
  network,
  rdma,
  walltime,
  nodes_per_job,
  quantum_s,
  minimum_s,
  source,  ///< the number of the row's source
};
inline constexpr std::size_t kColumns = static_cast<std::size_t>(OfferColumn::source) + 1;
inline constexpr std::size_t index_of(OfferColumn column) {
  return static_cast<std::size_t>(column);
}
constexpr bool is_text(OfferColumn column) { return column < OfferColumn::nodes; }

/// The columns that stand as they are: one integer of 64 bits a row.
enum class RawColumn : std::uint8_t { row, price, spot, document };
inline constexpr std::size_t kRawColumns = 4;
/// What an amount is that is not known.
inline constexpr std::int64_t kNoAmount = INT64_MIN;

/// What is behind a code: 0 is not known, 1 is what has no accelerator to speak of, then come the
/// values of the dictionary in their order.
inline constexpr std::uint32_t kUnknownCode = 0;
inline constexpr std::uint32_t kNoAcceleratorCode = 1;
inline constexpr std::uint32_t kFirstCode = 2;

/// The byte of a row with what is neither.
struct RowFlags {
  static constexpr std::uint8_t has_policy = 1, has_siblings = 2;
  static constexpr int unit_shift = 2;  ///< BillingUnit in the two bits from here
};

/// Rows that are read at once, and their places among them.
inline constexpr std::size_t kChunkRows = 8192;
using ChunkRows = std::span<const std::uint16_t>;

/// The texts of a dictionary; those of codes from kFirstCode on.
class Texts {
 public:
  Texts(std::vector<std::uint64_t> ends, std::string bytes)
      : ends_(std::move(ends)), bytes_(std::move(bytes)) {}
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t index) const {
    const std::uint64_t start = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(start, ends_[index] - start);
  }

 private:
  std::vector<std::uint64_t> ends_;
  std::string bytes_;
};

/// The rows of a cache in columns, beside the database that they were read from: what can be judged
/// and ranked by is read here, what is shown there. Const calls may come from several threads.
class Snapshot {
 public:
  /// not_found when there is none, bad_data when it is not one of STAMP, as SnapshotFile::open.
  static Result<Snapshot> open(const std::string& path, const SnapshotStamp& stamp);

  std::uint64_t rows() const { return file_.rows(); }
  std::size_t chunks() const { return (rows() + kChunkRows - 1) / kChunkRows; }
  /// How many values the dictionary of COLUMN has.
  std::size_t values(OfferColumn column) const;
  /// All of them, in the order of their codes. Each is in its bounds, whatever the file says.
  Result<std::vector<double>> numbers(OfferColumn column) const;
  Result<Texts> texts(OfferColumn column) const;
  /// How many bytes of the file they take.
  std::uint64_t text_bytes(OfferColumn column) const;
  /// The text behind CODE, which is one of the dictionary's.
  Result<std::string> text(OfferColumn column, std::uint32_t code) const;
  /// The code of TEXT, compared as bytes; kUnknownCode where no row has it. Not for gpu_model.
  Result<std::uint32_t> find(OfferColumn column, std::string_view text) const;

 private:
  friend class ChunkReader;
  explicit Snapshot(SnapshotFile file) : file_(std::move(file)) {}
  bool has_right_lengths() const;
  static std::size_t codes_section(OfferColumn column) { return index_of(column) * 3; }
  static std::size_t values_section(OfferColumn column) { return index_of(column) * 3 + 1; }
  static std::size_t texts_section(OfferColumn column) { return index_of(column) * 3 + 2; }
  static std::size_t raw_section(RawColumn column) {
    return kColumns * 3 + static_cast<std::size_t>(column);
  }
  static constexpr std::size_t kFlagsSection = kColumns * 3 + kRawColumns;
  static constexpr std::size_t kSections = kFlagsSection + 1;

  SnapshotFile file_;
};

/// Reads the rows of a snapshot chunk by chunk, of each only the columns that are asked for. Spans
/// live until the next `go_to`. One object is for one thread; the Snapshot outlives it.
class ChunkReader {
 public:
  explicit ChunkReader(const Snapshot& snapshot) : snapshot_(snapshot) {}

  /// Makes CHUNK (below `chunks`) the one that is read; how many rows it has.
  std::size_t go_to(std::size_t chunk);
  std::size_t chunk() const { return chunk_; }

  /// The codes of ROWS, places in the chunk. Each is one that the dictionary has, whatever the file
  /// says.
  Result<void> codes(OfferColumn column, ChunkRows rows, std::vector<std::uint32_t>& out);
  Result<std::uint32_t> code(OfferColumn column, std::uint16_t row);
  Result<std::span<const std::int64_t>> raw(RawColumn column);
  Result<std::span<const std::uint8_t>> flags();

 private:
  struct Buffer {
    std::vector<std::uint64_t> block;  ///< as it stands in the file
    std::uint64_t number = UINT64_MAX;
  };
  Result<const char*> bytes_at(Buffer& buffer, std::size_t section, std::size_t width);

  const Snapshot& snapshot_;
  std::size_t chunk_ = 0;
  std::size_t rows_ = 0;
  std::array<Buffer, kColumns> codes_;
  std::array<Buffer, kRawColumns> raw_;
  Buffer flags_;
  std::vector<std::uint32_t> one_;
};

}  // namespace cp::market
