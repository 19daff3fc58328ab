// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/directories.hpp"
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
};

/// Is told what became of whole items, after the syncs that its durability asks for. Safe on any
/// thread.
class CommitEvents {
 public:
  virtual ~CommitEvents() = default;
  virtual void committed(const WholeItem& item) = 0;
  virtual void not_committed(const WholeItem& item, const Error& error) = 0;
};

/// Puts whole items under their names in the order that SECURITY §10 asks for: data synced,
/// renamed, directories synced; by the group, so that thousands of small files cost two syncs. Safe
/// on any thread.
class Committer {
 public:
  /// Borrows all.
  Committer(Durability durability, Staging& staging, Directories& directories, CommitEvents& events)
      : durability_(durability), staging_(staging), directories_(directories), events_(events) {}

  /// Takes ITEM; it may wait for others of its group. io when a sync failed: then nothing of the
  /// group counts, and the transfer ends.
  Result<void> add(WholeItem item);
  /// Commits what waits.
  Result<void> flush();

 private:
  bool syncs_groups() const {
    return durability_ == Durability::batch || durability_ == Durability::file;
  }
  Result<void> commit(std::vector<WholeItem> group);
  std::vector<WholeItem> rename(std::vector<WholeItem> group);
  Result<void> move(const WholeItem& item) const;
  Result<void> sync_data(const std::vector<WholeItem>& group) const;
  Result<void> sync_names(const std::vector<WholeItem>& group) const;

  const Durability durability_;
  Staging& staging_;
  Directories& directories_;
  CommitEvents& events_;
  std::mutex mutex_;
  std::vector<WholeItem> waiting_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace cp::transfer
