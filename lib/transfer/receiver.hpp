// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/committer.hpp"
#include "transfer/comparer.hpp"
#include "transfer/deleter.hpp"
#include "transfer/far_end.hpp"
#include "transfer/frame.hpp"
#include "transfer/hard_links.hpp"
#include "transfer/held_key.hpp"
#include "transfer/id_set.hpp"
#include "transfer/incoming_file.hpp"
#include "transfer/journal.hpp"
#include "transfer/keeper.hpp"
#include "transfer/landing.hpp"
#include "transfer/owner_names.hpp"
#include "transfer/pack.hpp"
#include "transfer/recovery.hpp"
#include "transfer/replacer.hpp"
#include "transfer/same_names.hpp"
#include "transfer/taker.hpp"
#include "transfer/tally.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <unordered_map>

namespace cp::transfer {

/// The receiving end of a transfer: puts chunks where they belong, in any order and from any
/// stream, and files under their names when they are whole. A failed item goes to the events, an
/// error is the end of the transfer: protocol, or io when a sync failed. Safe on any thread.
class Receiver final : public Taker, private CommitEvents, private LinkEvents {
 public:
  struct Settings {
    Landing landing;
    Durability durability = Durability::batch;
    /// What paths may begin with; empty: anything. A file that takes another name comes alone.
    std::vector<std::string> names;
    /// Links that may lead out of the root are refused: they come from a peer.
    bool contain_links = true;
    Preserve preserve;
    Sync sync;
    bool reads_back = false;  ///< files are read back from the disk before they get their names
    Deletion deletion = Deletion::none;
    Filter filter;   ///< what it leaves out is not deleted
    std::string id;  ///< of the transfer
    /// What a later attempt finds what this one left by, and this one what an earlier one left.
    std::optional<Digest> key;
    /// Where journals of finished transfers are kept; empty: nowhere.
    std::string archive;
    /// It is for a far client, who may be gone without a word (`is_asked_for`); else for this
    /// process, which lives.
    bool is_for_client = false;
    /// Whoever waits in `open` for an earlier attempt to end gives up.
    std::stop_token stop;
  };

  /// Borrows EVENTS and TALLY (whose `placed` counts it keeps). cannot_create when nothing can be
  /// written at the landing.
  static Result<std::unique_ptr<Receiver>> open(Settings settings, ReceiveEvents& events,
                                                Tally& tally);
  Receiver(Settings settings, ReceiveEvents& events, Tally& tally);
  ~Receiver() override;

  const std::string& id() const override { return settings_.id; }
  std::uint64_t attempt() const override { return journal_ ? journal_->attempt() : 1; }
  std::vector<Have> have() const override;
  Result<void> add(const Entry& entry) override;
  Result<void> keep(const Kept& kept) override;
  Result<void> offer(const Offer& offer) override;
  Result<void> take(const Same& same) override;
  Result<void> take(const Present& present) override;
  Result<void> take(const ChunkHeader& header, std::span<const std::byte> payload) override;
  Result<void> end(const FileEnd& end) override;
  void failed_at_source(std::uint64_t id) override;
  /// Commits what is whole, sets the directories' metadata, and tells what stands.
  Result<FinalResult> finish() override;
  /// What is whole stays under its name, and what can be resumed in the staging directory.
  void keep_whole() override;
  bool is_asked_for(const LastHeard& heard) override;
  void interrupt() override;

 private:
  void committed(const WholeItem& item) override;
  void not_committed(const WholeItem& item, const Error& error) override;
  bool blocked(const WholeItem& item) override;
  void group_synced(std::uint64_t files, std::uint64_t bytes) override;
  void linked(const std::string& path, const Digest& content) override;
  void not_linked(const std::string& path, const Error& error) override;
  bool link_blocked(const std::string& staged, const std::string& path,
                    const Digest& content) override;

  bool gives_way(const LastHeard& heard);
  Result<void> add_known(const Entry& entry);
  Result<void> add_directory(const Entry& entry);
  Result<bool> add_directory_alone(const Entry& entry);
  Result<void> add_link(const Entry& entry);
  Result<void> add_file(const Entry& entry);
  Result<void> add_hard_link(const Entry& entry);
  Result<void> take_chunk(const ChunkHeader& header, std::span<const std::byte> payload);
  Result<void> take_pack(const ChunkHeader& header, std::span<const std::byte> payload);
  Result<void> take_packed(const PackedFile& file);
  Result<std::shared_ptr<IncomingFile>> wait_for(std::uint64_t id);
  std::shared_ptr<IncomingFile> find(std::uint64_t id);
  Result<void> complete(const std::shared_ptr<IncomingFile>& file);
  void file_failed(IncomingFile& file, const Error& error);
  void item_failed(std::string_view path, std::uint64_t id, const Error& error);
  Result<void> check(std::string_view path) const;
  Result<void> recover();
  void leave_staging();
  Result<void> start_keeper();
  Result<void> flush_old();
  void leaves_kept(std::uint64_t bytes);
  Result<void> write_down(const IncomingFile& file, const ChunkHeader& header);
  Result<void> settle(bool is_finished);
  Result<void> sync_rest() const;
  Result<void> make_links();
  void drop(std::uint64_t id);
  void see(std::string_view path);
  void left(const Comparer::Left& file);
  bool may_delete() const;
  Result<void> replace_directories();
  void remove_rest();

  Settings settings_;
  ReceiveEvents& events_;
  Tally& tally_;
  Directories directories_;
  std::unique_ptr<Staging> staging_;
  HeldKey held_key_;                  ///< of whichever thread asks
  std::unique_ptr<Journal> journal_;  ///< of a transfer that can be resumed
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Keeper> keeper_;  ///< beside the journal; it drives the committer
  std::mutex mutex_;                ///< guards what follows
  std::condition_variable announced_;
  std::condition_variable idle_;
  std::unordered_map<std::uint64_t, std::shared_ptr<IncomingFile>> files_;
  std::uint64_t last_id_ = 0;
  IdSet packs_;
  std::size_t taking_ = 0;
  bool interrupted_ = false;
  TreeDigest tree_;
  HardLinks links_;
  bool tree_is_known_ = true;
  std::unique_ptr<SameNames> same_names_;  ///< where the file system folds case
  Seen seen_;                              ///< when the rest is deleted
  std::set<std::string> listed_;           ///< directories whose contents are told
  std::atomic<std::uint64_t> failures_{0};
  std::uint64_t deleted_ = 0;
  std::vector<WholeItem> blocked_;  ///< by directories that give way in the end
  std::unique_ptr<Replacer> replacer_;
  OwnerMap owners_;
  std::unique_ptr<Comparer> comparer_;
  Recovered recovered_;
  Durable durable_;
  bool had_something_ = false;  ///< from earlier attempts
  bool was_finished_ = false;   ///< by an earlier attempt
  bool has_new_ = false;        ///< since this one began
};

}  // namespace cp::transfer
