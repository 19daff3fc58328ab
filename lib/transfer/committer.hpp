// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "transfer/directories.hpp"
#include "transfer/keeper.hpp"
#include "transfer/same_names.hpp"
#include "transfer/staging.hpp"
#include "transfer/transfer.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace cp::transfer {

/// A file or link that is whole in the staging directory.
struct WholeItem {
  std::string staged;  ///< its name there
  std::string place;   ///< where it goes, below the root
  std::string path;    ///< its path in the transfer
  std::uint64_t id = 0;
  std::uint64_t bytes = 0;
  Digest entry;
  Digest stamp{};  ///< of its source; all zero: it is not written down
  std::uint64_t inode = 0;
  Metadata metadata{};         ///< with its time it is known again
  std::uint64_t grown_as = 0;  ///< its number in the staging directory, when it travelled alone
  Digest content{};            ///< of a file: of its bytes alone
  bool is_leader = false;      ///< hard links to it may follow
};

/// Is told what became of whole items, after the syncs that its durability asks for. Safe on any
/// thread.
class CommitEvents {
 public:
  virtual ~CommitEvents() = default;
  virtual void committed(const WholeItem& item) = 0;
  virtual void not_committed(const WholeItem& item, const Error& error) = 0;
  /// A directory stands where ITEM goes. True: it stays in the staging directory for now.
  virtual bool blocked(const WholeItem& /*item*/) { return false; }
  /// So many files and bytes more are durable: those of a group whose items were told before.
  virtual void group_synced(std::uint64_t /*files*/, std::uint64_t /*bytes*/) {}
};

/// Where a committer writes down what it does. Both or none are there.
struct CommitLog {
  Journal* journal = nullptr;
  Keeper* keeper = nullptr;
};

/// What a committer pays attention to beside the order.
struct CommitCare {
  SameNames* same_names = nullptr;  ///< where the file system folds case
  /// Files are read back from the disk before they get their names: what differs is not committed.
  bool reads_back = false;
};

/// Puts whole items under their names in the order that SECURITY §10 asks for: data synced, written
/// down in the journal and that synced, renamed, directories synced; by the group, so that
/// thousands of small files cost three syncs. The journal comes before the rename, so that no kill
/// between the two loses a whole file: that it was renamed shows at the destination, where its
/// inode stands. Safe on any thread.
class Committer {
 public:
  /// Borrows all.
  Committer(Durability durability, Staging& staging, Directories& directories, CommitEvents& events,
            CommitLog log = {}, CommitCare care = {})
      : durability_(durability),
        staging_(staging),
        directories_(directories),
        events_(events),
        log_(log),
        same_names_(care.same_names),
        reads_back_(care.reads_back) {}

  /// Takes ITEM; it may wait for others of its group. io when a sync failed: then nothing of the
  /// group counts, and the transfer ends.
  Result<void> add(WholeItem item);
  /// Commits what waits.
  Result<void> flush();
  /// Commits what has waited for a second, so that a slow transfer does not put much at stake.
  Result<void> flush_old();

 private:
  bool syncs_groups() const {
    return durability_ == Durability::batch || durability_ == Durability::file;
  }
  Result<void> commit(std::vector<WholeItem> group);
  void read_back_all(std::vector<WholeItem>& group);
  Result<void> settle(std::vector<WholeItem> group);
  Result<std::uint64_t> write_down(const std::vector<WholeItem>& group);
  Result<void> write_down_later(const std::vector<WholeItem>& group);
  Result<void> write_down_rest();
  std::vector<WholeItem> take_waiting();
  std::vector<WholeItem> rename(std::vector<WholeItem> group);
  Result<void> move(const WholeItem& item) const;
  Result<void> move_to(int directory, const WholeItem& item) const;
  Result<void> move_alone(int directory, const WholeItem& item) const;
  bool is_blocked(const WholeItem& item) const;
  Result<void> sync_data(const std::vector<WholeItem>& group) const;
  Result<void> sync_names(const std::vector<WholeItem>& group) const;

  const Durability durability_;
  Staging& staging_;
  Directories& directories_;
  CommitEvents& events_;
  const CommitLog log_;
  SameNames* const same_names_;  ///< where the file system folds case
  const bool reads_back_;
  std::mutex mutex_;  ///< guards what follows
  std::vector<WholeItem> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  SteadyTime waiting_since_{};
  JournalItems unwritten_;  ///< renamed already, where nothing is synced
};

}  // namespace cp::transfer
