// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"
#include "transfer/extras.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cp::transfer {

/// Permission bits and the time of the last change; all that travels of each file beside its bytes.
struct Metadata {
  std::uint32_t mode = 0;      ///< permission bits alone (0777)
  std::int64_t mtime_s = 0;    ///< seconds since 1970
  std::uint32_t mtime_ns = 0;  ///< below 10^9
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// Whether no more than permission bits are set, and the time is one.
constexpr bool is_sound(const Metadata& metadata) {
  return (metadata.mode & ~0777U) == 0 && metadata.mtime_ns < 1'000'000'000;
}

/// One thing in a tree that is moved.
struct Entry {
  EntryType type = EntryType::file;
  std::string path;  ///< below the root of the transfer; "" is the root
  Metadata metadata;
  std::uint64_t size = 0;  ///< of a file
  std::string target;      ///< of a link; of a hard link the path of the file that it is
  std::uint64_t id = 0;    ///< of a file that travels alone: names it in chunks; from 1 on
  /// Of a file: what it was when it was seen (stamp_of). A resumed transfer knows it again by that.
  /// All zero: it cannot be known again.
  Digest stamp{};
  /// It was changed so shortly before it was seen that it may change again without a trace
  /// (SECURITY §10).
  bool is_fresh = false;
  std::shared_ptr<const Extras> extras;  ///< mostly none

  // Of what is found at a source, and not sent.
  bool is_sparse = false;    ///< takes less room than its size
  std::uint64_t device = 0;  ///< of a file with several names, where they are asked for
  std::uint64_t inode = 0;
};

}  // namespace cp::transfer
