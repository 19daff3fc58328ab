// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/entry.hpp"
#include "transfer/limits.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace cp::transfer {

// Small whole files in one payload: for each file its data, and after all of them a table, so that
// files are read straight to where they travel.
//
//   data …   { size (4)  mode (4)  mtime seconds (8)  nanoseconds (4)  stamp (16)  path (2 + n) } …
//   With the highest bit of the mode, extras (4 + n) come after the path.
//   number of files (4)   bytes of the table (4)

inline constexpr std::size_t pack_room = limits::chunk_bytes - 8;  ///< for data and rows together
/// What a file with PATH takes of it beside its data.
constexpr std::size_t packed_overhead(std::string_view path, std::size_t extras_bytes = 0) {
  return 38 + path.size() + (extras_bytes == 0 ? 0 : 4 + extras_bytes);
}

/// Builds a pack.
class PackWriter {
 public:
  /// Builds in SLOT, borrowed, of limits::chunk_bytes.
  explicit PackWriter(std::span<std::byte> slot) : slot_(slot) {}

  /// Where the next file's data goes; empty when a file of SIZE bytes with PATH has no room.
  std::span<std::byte> room_for(std::uint64_t size, std::string_view path,
                                std::size_t extras_bytes = 0);
  bool has_room_for(std::uint64_t size, std::string_view path, std::size_t extras_bytes = 0) const;
  /// Takes the file whose data was put there; its size is at most what was asked for. STAMP: that
  /// of its source, or zero (Entry::stamp).
  void add(std::string_view path, const Metadata& metadata, std::uint32_t size,
           const Digest& stamp = {}, const Extras* extras = nullptr);

  std::size_t files() const { return files_; }
  /// Ends the pack and returns the length of the payload.
  std::uint32_t finish();

 private:
  std::span<std::byte> slot_;
  std::size_t data_ = 0;
  std::string table_;
  std::uint32_t files_ = 0;
};

/// One file of a pack; borrows from the payload.
struct PackedFile {
  std::uint32_t size = 0;
  std::string_view path;
  Metadata metadata;
  Digest stamp;
  std::span<const std::byte> data;
  std::shared_ptr<const Extras> extras;
};

/// The files in PAYLOAD; protocol when its table does not fit it exactly. Paths are not judged
/// here.
Result<std::vector<PackedFile>> unpack(std::span<const std::byte> payload);

}  // namespace cp::transfer
