// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/file_sum.hpp"
#include "transfer/tally.hpp"
#include "transfer/walk.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// From here on a file is read by several threads, and takes long.
inline constexpr std::uint64_t long_file_bytes = std::uint64_t{16} << 20U;

/// Is told what is in a tree, in no certain order, from many threads.
class SumSink {
 public:
  virtual ~SumSink() = default;
  /// Before a file of long_file_bytes or more is read.
  virtual void begins(const Source& /*source*/, const Entry& /*entry*/) {}
  /// SUM: of a file its sum, of a link that of its target, of a directory "".
  virtual void summed(const Source& source, const Entry& entry, const std::string& sum) = 0;
  /// What could not be read, or is not what it was when it was found.
  virtual void failed(const Source& source, const Entry& entry, const Error& error) = 0;
};

/// The digest of a tree whose items were summed (SumKind::xxh3_128_tree): the one that the record
/// of a transfer of it has. Safe on any thread.
class SummedTree {
 public:
  void add(const Entry& entry, const std::string& sum);
  Digest digest() const;

 private:
  mutable std::mutex mutex_;
  TreeDigest tree_;
};

struct SumTrees {
  const std::vector<Source>& sources;  ///< borrowed
  SumKind kind = SumKind::xxh3_128_tree;
  int threads = 2;
  WalkOptions walk;
};

/// Sums everything in the sources of WHAT, several files at a time. TALLY counts files and bytes
/// found and done (placed); TICK is called about ten times a second on the caller's thread.
/// timed_out "interrupted" when STOP is asked.
Result<void> sum_trees(const SumTrees& what, SumSink& sink, Tally& tally,
                       const std::function<void()>& tick, const std::stop_token& stop);

}  // namespace cp::transfer
