// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/preserve.hpp"
#include "transfer/selection.hpp"
#include "transfer/source.hpp"

#include <cstddef>
#include <optional>
#include <stop_token>
#include <sys/types.h>
#include <utility>

namespace cp::transfer {

/// Is told what a walk finds, in the walk's order.
class WalkSink {
 public:
  virtual ~WalkSink() = default;
  /// An entry; a directory comes before what is in it. An error ends the walk.
  virtual Result<void> found(Entry entry) = 0;
  /// Something that cannot be moved; the walk goes on.
  virtual Result<void> cannot_move(std::string_view path, const Error& error) = 0;
  /// Something that is not moved, since it is too old.
  virtual Result<void> passed_over(std::string_view /*path*/) { return {}; }
};

struct WalkOptions {
  /// The directory (device, inode) that is being written to: not entered.
  std::optional<std::pair<dev_t, ino_t>> avoid;
  /// What is looked at and found at all.
  Selection selection;
  /// What is read of each beside what always is.
  Preserve preserve;
  bool tells_closed = false;  ///< directories that are not entered are marked (Extras::is_closed)
  /// Threads that look ahead, instead of as many as pay (WalkEffort).
  std::optional<std::size_t> helpers;
};

/// Walks SOURCE without following any link, names of a directory in byte order (of very large ones,
/// by the part), and all of a directory before what is in its first one. Where the file system is
/// slow to answer, threads look ahead, by a bounded number of names; SINK is called on the caller's
/// thread, and in the same order. Names that are refused (`check_path`) and what is
/// neither file, directory nor link go to `cannot_move`. timed_out "interrupted" when STOP is
/// asked, or the sink's own error.
Result<void> walk(const Source& source, const WalkOptions& options, WalkSink& sink,
                  std::stop_token stop);

}  // namespace cp::transfer
