// SPDX-License-Identifier: Apache-2.0
#include "market/snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace cp::market {
namespace {

tl::unexpected<Error> no_such_snapshot() {
  return fail(Errc::bad_data, "the snapshot is of something else");
}

// The codes of ROWS among those from FROM on; the greatest of them.
template <class Narrow>
std::uint32_t pick(const char* from, ChunkRows rows, std::uint32_t* out) {
  std::uint32_t greatest = 0;
  for (const std::uint16_t row : rows) {
    Narrow code = 0;
    std::memcpy(&code, from + row * sizeof(Narrow), sizeof(Narrow));
    *out++ = code;
    greatest = std::max<std::uint32_t>(greatest, code);
  }
  return greatest;
}

}  // namespace

Result<Snapshot> Snapshot::open(const std::string& path, const SnapshotStamp& stamp) {
  CP_TRY_ASSIGN(SnapshotFile file, SnapshotFile::open(path));
  Snapshot snapshot(std::move(file));
  if (snapshot.file_.stamp() != stamp || !snapshot.has_right_lengths()) {
    return no_such_snapshot();
  }
  return snapshot;
}

bool Snapshot::has_right_lengths() const {
  constexpr std::uint64_t most = 1U << 31U;
  if (file_.sections() != kSections || rows() == 0 || rows() > most ||
      file_.length(kFlagsSection) != rows()) {
    return false;
  }
  for (std::size_t i = 0; i < kRawColumns; ++i) {
    if (file_.length(kColumns * 3 + i) != rows() * sizeof(std::int64_t)) {
      return false;
    }
  }
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::uint64_t codes = file_.length(i * 3);
    const bool is_whole = codes == rows() || codes == rows() * 2 || codes == rows() * 4;
    const std::uint64_t values = file_.length(i * 3 + 1);
    if (!is_whole || values % sizeof(double) != 0 || values / sizeof(double) > rows()) {
      return false;
    }
  }
  return true;
}

std::size_t Snapshot::values(OfferColumn column) const {
  return file_.length(values_section(column)) / sizeof(double);
}

Result<std::vector<double>> Snapshot::numbers(OfferColumn column) const {
  std::vector<double> all(values(column));
  CP_TRY(file_.read(values_section(column), 0,
                    {reinterpret_cast<char*>(all.data()), all.size() * sizeof(double)}));
  return all;
}

Result<Texts> Snapshot::texts(OfferColumn column) const {
  std::vector<std::uint64_t> ends(values(column));
  CP_TRY(file_.read(values_section(column), 0,
                    {reinterpret_cast<char*>(ends.data()), ends.size() * sizeof(std::uint64_t)}));
  std::string bytes(file_.length(texts_section(column)), '\0');
  if (!std::is_sorted(ends.begin(), ends.end()) || (!ends.empty() && ends.back() > bytes.size())) {
    return no_such_snapshot();
  }
  CP_TRY(file_.read(texts_section(column), 0, bytes));
  return Texts(std::move(ends), std::move(bytes));
}

std::uint64_t Snapshot::text_bytes(OfferColumn column) const {
  return file_.length(values_section(column)) + file_.length(texts_section(column));
}

Result<std::string> Snapshot::text(OfferColumn column, std::uint32_t code) const {
  constexpr std::uint64_t longest = 16U << 20U;
  const std::uint64_t index = code - kFirstCode;
  std::array<std::uint64_t, 2> ends{};
  const std::size_t skipped = index == 0 ? 1 : 0;
  const std::span<std::uint64_t> wanted = std::span(ends).subspan(skipped);
  CP_TRY(file_.read(values_section(column), (index - 1 + skipped) * sizeof(std::uint64_t),
                    {reinterpret_cast<char*>(wanted.data()), wanted.size_bytes()}));
  if (ends[1] < ends[0] || ends[1] - ends[0] > longest) {
    return no_such_snapshot();
  }
  std::string text(ends[1] - ends[0], '\0');
  CP_TRY(file_.read(texts_section(column), ends[0], text));
  return text;
}

Result<std::uint32_t> Snapshot::find(OfferColumn column, std::string_view text) const {
  auto low = kFirstCode;
  auto high = static_cast<std::uint32_t>(values(column)) + kFirstCode;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    CP_TRY_ASSIGN(const std::string there, this->text(column, middle));
    if (there == text) {
      return middle;
    }
    (there < text ? low : high) = there < text ? middle + 1 : middle;
  }
  return kUnknownCode;
}

std::size_t ChunkReader::go_to(std::size_t chunk) {
  chunk_ = chunk;
  rows_ = std::min<std::size_t>(kChunkRows, snapshot_.rows() - chunk * kChunkRows);
  return rows_;
}

// The bytes of the chunk in SECTION, whose rows have WIDTH bytes: always within one block.
Result<const char*> ChunkReader::bytes_at(Buffer& buffer, std::size_t section, std::size_t width) {
  static_assert(SnapshotFile::kBlockBytes % (kChunkRows * sizeof(std::int64_t)) == 0);
  const std::uint64_t offset = std::uint64_t{chunk_} * kChunkRows * width;
  const std::uint64_t number = offset / SnapshotFile::kBlockBytes;
  if (buffer.number != number) {
    buffer.block.resize(SnapshotFile::kBlockBytes / sizeof(std::uint64_t));
    buffer.number = UINT64_MAX;
    CP_TRY(snapshot_.file_.read_block(
        section, number,
        {reinterpret_cast<char*>(buffer.block.data()), SnapshotFile::kBlockBytes}));
    buffer.number = number;
  }
  return reinterpret_cast<const char*>(buffer.block.data()) + offset % SnapshotFile::kBlockBytes;
}

Result<void> ChunkReader::codes(OfferColumn column, ChunkRows rows,
                                std::vector<std::uint32_t>& out) {
  const std::size_t section = Snapshot::codes_section(column);
  const std::size_t width = snapshot_.file_.length(section) / snapshot_.rows();
  CP_TRY_ASSIGN(const char* const bytes, bytes_at(codes_[index_of(column)], section, width));
  out.resize(rows.size());
  const std::uint32_t greatest = width == 1   ? pick<std::uint8_t>(bytes, rows, out.data())
                                 : width == 2 ? pick<std::uint16_t>(bytes, rows, out.data())
                                              : pick<std::uint32_t>(bytes, rows, out.data());
  return greatest < snapshot_.values(column) + kFirstCode ? Result<void>() : no_such_snapshot();
}

Result<std::uint32_t> ChunkReader::code(OfferColumn column, std::uint16_t row) {
  CP_TRY(codes(column, ChunkRows(&row, 1), one_));
  return one_.front();
}

Result<std::span<const std::int64_t>> ChunkReader::raw(RawColumn column) {
  CP_TRY_ASSIGN(const char* const bytes,
                bytes_at(raw_[static_cast<std::size_t>(column)], Snapshot::raw_section(column),
                         sizeof(std::int64_t)));
  return std::span(reinterpret_cast<const std::int64_t*>(bytes), rows_);
}

Result<std::span<const std::uint8_t>> ChunkReader::flags() {
  CP_TRY_ASSIGN(const char* const bytes, bytes_at(flags_, Snapshot::kFlagsSection, 1));
  return std::span(reinterpret_cast<const std::uint8_t*>(bytes), rows_);
}

}  // namespace cp::market
