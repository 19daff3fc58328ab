// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/digest.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

/// What a receiver's journal holds. A record is 16 bytes (body length 4, type 2, reserved 2,
/// XXH3-64 8; little endian) and its body. The checksum covers the record's place in the file, its
/// length, its type and its body, so that neither a torn nor a displaced record counts.
namespace cp::transfer {

/// The first record: whose journal this is. Again where a finished transfer was followed by
/// another.
struct JournalHeader {
  static constexpr std::uint16_t type = 1;
  static constexpr std::uint32_t our_version = 1;

  std::uint32_t version = our_version;
  Digest key;                ///< which command repeated resumes this (resume.hpp)
  std::string id;            ///< of the transfer
  bool root_is_new = false;  ///< the destination's root was made for it
  friend bool operator==(const JournalHeader&, const JournalHeader&) = default;
};

/// One attempt begins; what follows is its own.
struct JournalAttempt {
  static constexpr std::uint16_t type = 2;
  /// Each record was written after the data that it speaks of was synced. Else it holds only as
  /// long as the machine has not been started anew.
  bool is_synced = false;
  Digest boot;  ///< which start of the machine
  std::int64_t started_s = 0;
  friend bool operator==(const JournalAttempt&, const JournalAttempt&) = default;
};

/// A file that travels alone has begun to grow in the staging directory.
struct JournalFile {
  static constexpr std::uint16_t type = 3;
  std::uint64_t staged = 0;  ///< its name there
  Digest stamp;              ///< of its source
  std::uint64_t size = 0;
  bool is_fresh = false;  ///< its source may have changed without a trace (Entry::is_fresh)
  friend bool operator==(const JournalFile&, const JournalFile&) = default;
};

/// Leaves of such a file that are in it: consecutive ones from FIRST on.
struct JournalLeaves {
  static constexpr std::uint16_t type = 4;
  std::uint64_t staged = 0;
  std::uint64_t first = 0;
  std::vector<Digest> digests;
  friend bool operator==(const JournalLeaves&, const JournalLeaves&) = default;
};

/// A file that is whole: how it is known again under its name.
struct JournalItem {
  Digest stamp;
  Digest entry;  ///< its digest in the tree
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_s = 0;
  std::uint32_t mtime_ns = 0;
  std::string place;  ///< below the root of the destination
  friend bool operator==(const JournalItem&, const JournalItem&) = default;
};

/// Whole files: about to be renamed, or standing under their names. Which of them it is, the
/// destination itself tells.
struct JournalItems {
  static constexpr std::uint16_t type = 5;
  std::vector<JournalItem> items;
  friend bool operator==(const JournalItems&, const JournalItems&) = default;
};

using JournalRecord =
    std::variant<JournalHeader, JournalAttempt, JournalFile, JournalLeaves, JournalItems>;

struct RecordHeader {
  static constexpr std::size_t bytes = 16;
  std::uint32_t body_bytes = 0;
  std::uint16_t type = 0;
  std::uint64_t checksum = 0;
};

/// What stands before BODY, of a record of TYPE, at AT in the file.
RecordHeader head_of(std::uint16_t type, std::span<const std::byte> body, std::uint64_t at);

/// RECORD as it stands at AT in the file. Its body is at most limits::journal_record_bytes, which
/// the caller sees to.
std::string encode_record(const JournalRecord& record, std::uint64_t at);

/// nullopt for what heads no record of ours.
std::optional<RecordHeader> decode_record_header(
    std::span<const std::byte, RecordHeader::bytes> in);

/// The record of HEADER and BODY at AT; nullopt when its checksum is wrong or it is none.
std::optional<JournalRecord> decode_record(const RecordHeader& header,
                                           std::span<const std::byte> body, std::uint64_t at);

}  // namespace cp::transfer
