// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "transfer/confined.hpp"
#include "transfer/entry.hpp"
#include "transfer/transfer.hpp"

#include <string>
#include <sys/stat.h>
#include <vector>

namespace cp::transfer {

/// One operand that is moved: a directory that nothing leads out of, and the name in it. Paths of
/// entries are relative to that directory and are the paths in the transfer.
struct Source {
  std::string shown;  ///< what the user wrote, for messages
  Confined root;
  std::string name;  ///< "" when the contents of the root are moved
  bool is_directory = false;
  int stream = -1;                ///< borrowed: what is read instead of a file
  std::uint32_t stream_mode = 0;  ///< of the file that it becomes

  bool is_stream() const { return stream >= 0; }
  /// PATH (of an entry) as the user would write it.
  std::string show(std::string_view path) const;
};

/// The local source that the user wrote as PATH, which may lead anywhere. With a trailing slash, or
/// when its last part is "." or "..", its contents are meant, and so they are of a directory that
/// takes the destination's name. not_found when nothing is there.
Result<Source> open_source(const std::string& path, Placement placement = Placement::inside);

/// The local sources at PATHS, at least one; of Placement::exact a directory is meant by its
/// contents. Errors as open_source has them, and usage when two of them would land under one name.
Result<std::vector<Source>> open_sources(const std::vector<std::string>& paths,
                                         Placement placement);

/// The source at PATH below ROOT, whatever links lie there (for a server). An initial slash means
/// ROOT. A directory that takes the destination's name is meant by its contents.
Result<Source> open_source_beneath(const Confined& root, const std::string& path,
                                   Placement placement);

/// What the descriptor FD reads, as a file that is called NAME at the destination.
Source stream_source(int fd, std::string name);

/// usage when two of SOURCES would land under one name.
Result<void> check_distinct(const std::vector<Source>& sources);

/// Permission bits and time of STATUS.
Metadata metadata_of(const struct stat& status);

/// What the file of STATUS at PATH in a transfer is: inode, size, times of change of content and of
/// status. Another file, or the same one after a change, has another stamp.
Digest stamp_of(std::string_view path, const struct stat& status);
/// Whether a file with STATUS that is read at NOW was changed less than 2 s before.
bool is_fresh(const struct stat& status, UnixTime now);

/// What the paths of a transfer of the sources at PATHS begin with; empty when that can be
/// anything.
std::vector<std::string> names_of(const std::vector<std::string>& paths, Placement placement);

/// PATH without trailing slashes ("/" becomes ""), and whether it had some or ends in "." or "..".
struct Operand {
  std::string path;
  bool means_contents = false;
};
Operand parse_operand(std::string_view path);

}  // namespace cp::transfer
