// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/journal_record.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cp::transfer {

/// Which start of this machine it is; all zero where the system does not say.
Digest boot_of_machine();

/// The append-only file `journal` of a staging directory, in which a receiver writes down what it
/// has (SECURITY §10). Its tail may be torn: reading ends at the first record that is not whole and
/// right, and writing goes on from there. It takes no more past limits::journal_bytes; what comes
/// then will be sent again. Safe on any thread after opening.
class Journal {
 public:
  static constexpr const char* file_name = "journal";

  /// Opens the journal in DIRECTORY, or makes it with HEADER. What is there of another key or
  /// version, or is no regular file of ours, is replaced. SEEN is called with every record that
  /// holds, in order; those of attempts that do not hold any more (JournalAttempt) are left out.
  /// Then ATTEMPT is added; behind a finished transfer (IS_FINISHED) it begins a new one with
  /// HEADER. cannot_create, io. Nothing waits for the disk here; SYNC_NAMES makes the journal's own
  /// name durable, before the first record that is.
  static Result<std::unique_ptr<Journal>> open(
      int directory, const JournalHeader& header, bool is_finished, const JournalAttempt& attempt,
      std::function<Result<void>()> sync_names,
      const std::function<void(const JournalRecord&)>& seen);
  Journal(UniqueFd fd, JournalHeader header, bool is_synced,
          std::function<Result<void>()> sync_names)
      : fd_(std::move(fd)),
        header_(std::move(header)),
        is_synced_(is_synced),
        sync_names_(std::move(sync_names)) {}

  /// That of the transfer's first attempt.
  const JournalHeader& header() const { return header_; }
  /// Which attempt this is, from 1 on.
  std::uint64_t attempt() const { return attempt_; }

  /// Appends RECORDS and, when the attempt is synced, syncs them. io when the sync failed: nothing
  /// counts any more. Records that have no room are left out.
  Result<void> append(const std::vector<JournalRecord>& records);

 private:
  Result<void> start(bool is_new, const JournalAttempt& attempt);
  Result<void> write(const std::vector<JournalRecord>& records);
  Result<void> write_bytes(std::string_view bytes);
  Result<void> sync();

  UniqueFd fd_;
  JournalHeader header_;
  const bool is_synced_;
  const std::function<Result<void>()> sync_names_;
  std::uint64_t attempt_ = 0;
  std::mutex mutex_;  ///< guards what follows
  std::uint64_t end_ = 0;
  bool is_full_ = false;
  bool is_named_ = false;  ///< its name is durable
};

/// Reads the journal in FD from its beginning: SEEN with every whole record. Returns where the last
/// one ends.
std::uint64_t read_journal(int fd, const std::function<void(const JournalRecord&)>& seen);

}  // namespace cp::transfer
