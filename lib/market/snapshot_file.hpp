// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cp::market {

/// What a snapshot was made of: equal stamps mean equal rows.
struct SnapshotStamp {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const SnapshotStamp&, const SnapshotStamp&) = default;
};

/// The stamp of TEXT.
SnapshotStamp stamp_of(std::string_view text);

/// Writes a snapshot: sections of bytes one behind the other, their lengths and the checksum of
/// each of their blocks, and a foot with the stamp. The file appears whole or not at all.
class SnapshotWriter {
 public:
  /// cannot_create when the directory does not take it.
  static Result<SnapshotWriter> create(const std::string& path);

  /// Appends the next section.
  Result<void> add(std::span<const char> section);
  Result<void> commit(const SnapshotStamp& stamp, std::uint64_t rows);

 private:
  explicit SnapshotWriter(AtomicFile file) : file_(std::move(file)) {}
  AtomicFile file_;
  std::vector<std::uint64_t> directory_;
};

/// A snapshot to read. Nothing in it is believed before its checksum was right, and each block is
/// checked in memory of the reader's own, so that a file that changes or shrinks meanwhile is found
/// out and does no harm. Const calls may come from several threads.
class SnapshotFile {
 public:
  static constexpr std::size_t kBlockBytes = 65536;

  /// not_found when there is none; bad_data when it is truncated, changed, from another version or
  /// from a machine with another order of bytes.
  static Result<SnapshotFile> open(const std::string& path);

  const SnapshotStamp& stamp() const { return stamp_; }
  std::uint64_t rows() const { return rows_; }
  std::size_t sections() const { return sections_.size(); }
  std::uint64_t length(std::size_t section) const { return sections_[section].length; }

  /// Reads block BLOCK of SECTION into OUT, which has kBlockBytes; how many bytes it has, 0 past
  /// the end. bad_data when they are not those that were written.
  Result<std::size_t> read_block(std::size_t section, std::uint64_t block,
                                 std::span<char> out) const;
  /// OUT.size() bytes from OFFSET on; bad_data where the section does not have them.
  Result<void> read(std::size_t section, std::uint64_t offset, std::span<char> out) const;

 private:
  struct Section {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::size_t first_checksum = 0;
  };
  SnapshotFile() = default;
  Result<void> read_directory(std::uint64_t size, std::uint64_t bytes, std::uint64_t checksum);
  Result<void> read_at(std::uint64_t offset, std::span<char> out) const;

  UniqueFd fd_;
  SnapshotStamp stamp_;
  std::uint64_t rows_ = 0;
  std::vector<std::uint64_t> directory_;
  std::vector<Section> sections_;
};

}  // namespace cp::market
