// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/limits.hpp"
#include "transfer/message.hpp"
#include "transfer/source.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>

namespace cp::transfer {

/// A file that travels alone, while it is read: by several streams at once, leaf by leaf. It is
/// opened at the first read and closed after the last. A file that is not what the walk saw, or
/// changes while it is read, fails. Safe on any thread.
class SourceFile {
 public:
  /// Borrows SOURCE.
  SourceFile(const Source& source, Entry entry);

  /// Leaves that the far end has: they are not read. Before anything else.
  void skip(const std::map<std::uint64_t, Digest>& leaves);
  /// The offset of the first leaf from the one at OFFSET on that the far end neither has nor knows
  /// to be a hole; at the size or behind it when there is none.
  std::uint64_t next_wanted(std::uint64_t offset) const;
  /// Of the leaves that were skipped.
  std::uint64_t skipped_bytes() const { return skipped_bytes_; }
  /// The file's end, when the far end has all of it; failed when it is not what it was.
  std::optional<Result<FileEnd>> end_if_skipped();
  /// Whether what LEAVES say is what stands in the file now.
  bool matches(const std::map<std::uint64_t, Digest>& leaves);

  const Entry& entry() const { return entry_; }
  const Source& source() const { return source_; }

  /// Reads the leaf at OFFSET into SLOT and returns its length.
  Result<std::uint32_t> read(std::uint64_t offset, std::span<std::byte> slot);

  /// Takes the digest of the leaf at OFFSET. With the last one returns what the file's end is;
  /// again for a leaf that had to be read again gives nothing.
  std::optional<Result<FileEnd>> add(std::uint64_t offset, const Digest& leaf);

  /// Says that no more of it is wanted; true the first time.
  bool give_up() { return !given_up_.exchange(true); }
  bool is_given_up() const { return given_up_.load(); }

 private:
  Result<int> open();
  Result<FileEnd> end();

  const Source& source_;
  const Entry entry_;
  std::set<std::uint64_t> skipped_;  ///< leaves; set before it is shared, as the next
  std::uint64_t skipped_bytes_ = 0;
  std::atomic<bool> given_up_{false};
  std::mutex mutex_;  ///< guards what follows
  UniqueFd fd_;
  LeafTree leaves_;
};

/// Opens the regular file that ENTRY was when it was walked; failed "it changed …" when it is
/// another now.
Result<UniqueFd> open_as_walked(const Source& source, const Entry& entry);

/// failed when the file FD of ENTRY says that its size is 0 and has something in it, as files of
/// /proc and its like do.
Result<void> check_told_size(int fd, const Entry& entry);

/// failed when the open file FD has not the size and time of ENTRY any more.
Result<void> check_unchanged(int fd, const Entry& entry);

/// Up to OUT.size() bytes at OFFSET of FD, fewer only at its end.
Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> out);

}  // namespace cp::transfer
