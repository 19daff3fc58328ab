// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/journal.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace cp::transfer {

/// A file in the staging directory that grows.
struct GrowingFile {
  JournalFile about;
  std::shared_ptr<const UniqueFd> fd;
};

/// Writes down which leaves half files have, in a thread of its own and by the group: data synced,
/// then the journal. Who places leaves faster than the disk takes them waits, so that no more than
/// limits::group_bytes are ever at stake. Safe on any thread.
class Keeper {
 public:
  struct Parts {
    Journal& journal;  ///< borrowed
    bool syncs = true;
    /// So many bytes more are synced and written down. On the keeper's thread.
    std::function<void(std::uint64_t bytes)> kept;
    std::function<Result<void>()> tick;  ///< some times a second, on the keeper's thread
  };
  explicit Keeper(Parts parts);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// The leaf INDEX of FILE, of BYTES, was written. io, once a sync has failed.
  Result<void> add(const GrowingFile& file, std::uint64_t index, const Digest& leaf,
                   std::uint64_t bytes);

  /// What is not written down yet of the file STAGED: the caller will do it.
  struct Rest {
    std::vector<JournalRecord> records;
    std::uint64_t bytes = 0;
  };
  Rest take(std::uint64_t staged);

  /// Writes down what waits, and ends the thread.
  Result<void> end();

 private:
  struct Pending {
    GrowingFile file;
    std::map<std::uint64_t, Digest> leaves;
    std::uint64_t bytes = 0;
  };
  using Batch = std::map<std::uint64_t, Pending>;

  void run();
  Result<void> write_down(const Batch& batch);
  void append_records(const Pending& pending, std::vector<JournalRecord>& out);
  Batch next_batch(std::unique_lock<std::mutex>& lock);

  Parts parts_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  Batch pending_;
  std::set<std::uint64_t> told_;  ///< files whose beginning is written down
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t writing_bytes_ = 0;
  bool is_ending_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace cp::transfer
