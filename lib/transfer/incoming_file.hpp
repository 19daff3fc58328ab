// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/keeper.hpp"
#include "transfer/message.hpp"
#include "transfer/preserve.hpp"
#include "transfer/recovery.hpp"
#include "transfer/staging.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace cp::transfer {

/// A file that travels alone, while it grows in the staging directory. Chunks are written where
/// they belong, several at a time. Safe on any thread.
class IncomingFile {
 public:
  explicit IncomingFile(Entry entry, Preserve preserve = {})
      : entry_(std::move(entry)),
        preserve_(preserve),
        is_stream_(entry_.extras && entry_.extras->is_stream) {}

  /// Goes on with what an earlier attempt left in DIRECTORY; before anything else. io.
  Result<void> resume(int directory, const PartialFile& partial);
  /// Before anything else, of a file with holes: takes them as written, in a file that `resume` or
  /// this makes. io, cannot_create.
  Result<void> take_holes(Staging& staging);

  /// Before anything else, of a stream: it may have nothing in it. cannot_create, io.
  Result<void> make_empty(Staging& staging);

  const Entry& entry() const { return entry_; }

  /// What became of one step.
  enum class Outcome { growing, whole, void_already };

  /// Writes the chunk at OFFSET, whose digest is LEAF. The file is made as STAGING's next number at
  /// the first chunk. protocol when it does not belong to a file of this size; io, cannot_create. A
  /// chunk that is there, or just being written, is passed over.
  Result<Outcome> write(Staging& staging, std::uint64_t offset, const Digest& leaf,
                        std::span<const std::byte> payload);
  /// What the whole file has to be.
  Outcome end(const FileEnd& end);
  /// Takes no more; false when it was void or whole already.
  bool make_void();

  /// Of a whole file: sets its metadata, and closes it. failed when it is not what the sender's
  /// end says.
  Result<void> settle();
  Digest digest() const;
  /// Of a whole one.
  std::uint64_t size() const;
  std::string staged() const;
  /// Of one that has begun: what a keeper has to know.
  GrowingFile growing() const;
  std::uint64_t inode() const;
  /// Of a settled one.
  Metadata settled_metadata() const;

 private:
  Result<int> begin(Staging& staging, std::uint64_t leaf);
  Result<void> make(Staging& staging);
  Outcome outcome();
  bool fits(std::uint64_t offset, std::size_t bytes) const;
  bool has_all() const;
  std::uint64_t told_size() const { return is_stream_ ? end_->size : entry_.size; }

  const Entry entry_;
  const Preserve preserve_;
  const bool is_stream_;
  bool is_resumed_ = false;   ///< set before it is shared
  mutable std::mutex mutex_;  ///< guards what follows
  std::shared_ptr<const UniqueFd> fd_;
  std::uint64_t staged_ = 0;
  std::uint64_t inode_ = 0;
  LeafTree leaves_;
  std::set<std::uint64_t> in_work_;  ///< leaves that are being written
  std::optional<FileEnd> end_;
  std::uint64_t reaches_ = 0;  ///< of a stream: where what has come ends
  std::uint64_t ends_ = 0;     ///< of a stream: where its last leaf ends, if that is not a full one
  bool over_ = false;          ///< void, or told to be whole
};

}  // namespace cp::transfer
