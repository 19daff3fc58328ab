// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/far_end.hpp"
#include "transfer/far_shell.hpp"
#include "transfer/taker.hpp"
#include "transfer/tally.hpp"
#include "transfer/transfer.hpp"

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace cp::transfer {

/// The receiving end of a transfer to a host that has a shell and no cpxfer. Files go there by the
/// archive, large ones for themselves, into a directory of ours in the destination,
/// `.cpxfer-sh-KEY`; each is summed there, and gets its name when the sum is that of what was sent.
/// What has its name stands in a list there, by which a later attempt leaves out what is still as
/// it was: whole files only. Over one rail of one stream, whose chunks come in order.
class FarTree final : public Taker {
 public:
  struct Settings {
    std::string root;  ///< as the far end takes it; made where it is missing
    std::string renamed_from;
    std::string renamed_to;  ///< as in Landing
    Durability durability = Durability::batch;
    std::string id;  ///< of the transfer
    /// What a later attempt finds the list by; absent: there is none.
    std::optional<Digest> key;
  };
  /// Borrows SHELL, EVENTS and TALLY. cannot_create when nothing can be written there.
  static Result<std::unique_ptr<FarTree>> open(Settings settings, FarShell& shell,
                                               ReceiveEvents& events, Tally& tally);
  FarTree(Settings settings, FarShell& shell, ReceiveEvents& events, Tally& tally);

  const std::string& id() const override { return settings_.id; }
  std::uint64_t attempt() const override { return attempts_ + 1; }
  std::vector<Have> have() const override;
  Result<void> add(const Entry& entry) override;
  Result<void> keep(const Kept& kept) override;
  Result<void> offer(const Offer& offer) override;
  Result<void> take(const Same& same) override;
  Result<void> take(const Present& present) override;
  Result<void> take(const ChunkHeader& header, std::span<const std::byte> payload) override;
  Result<void> end(const FileEnd& end) override;
  void failed_at_source(std::uint64_t id) override;
  Result<FinalResult> finish() override;
  void keep_whole() override {}
  bool is_asked_for(const LastHeard& /*heard*/) override { return false; }
  void interrupt() override { shell_.shutdown(); }

 private:
  /// A file or link on its way to its name.
  struct Item {
    std::string path;    ///< of the transfer
    std::string place;   ///< below the root
    std::string staged;  ///< below the directory of its batch
    std::uint64_t id = 0;
    std::uint64_t size = 0;
    std::string sum;  ///< "" for a link
    Digest entry;
    Digest stamp;
    bool is_good = true;
  };
  /// What is put there, summed and moved together.
  struct Batch {
    std::uint64_t number = 0;
    std::vector<Item> items;
    std::map<std::string, std::size_t> directories;  ///< each one's number in it
    std::string archive;
    std::string complaint;  ///< of the far end, about what may be less than all of it
  };
  /// A file that travels alone.
  struct Growing {
    Entry entry;
    Batch batch;
    FarSum sum;
    LeafTree leaves;
    std::uint64_t written = 0;
    std::string unsent;
    bool is_begun = false;
    std::optional<FileEnd> end;

    bool is_stream() const { return entry.extras && entry.extras->is_stream; }
    bool is_whole() const { return end && written == (is_stream() ? end->size : entry.size); }
  };
  struct Landed {
    Digest entry;
    std::string place;
    std::string sum;
  };

  Result<void> begin();
  Result<void> recover();
  void follow(std::string_view line);
  Result<void> check_landed();
  Result<void> add_directory(const Entry& entry);
  Result<void> add_link(const Entry& entry);
  Result<void> add_file(const Entry& entry);
  Batch new_batch();
  Item& stage(Batch& batch, const std::string& path);
  Result<void> take_pack(std::span<const std::byte> payload);
  Result<void> take_chunk(const ChunkHeader& header, std::span<const std::byte> payload);
  Result<void> settle(Growing& file);
  Result<void> send_unsent(Growing& file);
  Result<void> complete(std::uint64_t id);
  Result<void> set_metadata(Growing& file);
  Result<void> hear_of(Batch& batch);
  Result<void> flush_if_full();
  Result<void> flush();
  Result<void> commit(Batch& batch);
  Result<void> put(Batch& batch);
  Result<void> judge(Batch& batch);
  Result<void> sync(bool is_end);
  Result<void> move(Batch& batch);
  Result<void> write_down(const Batch& batch);
  Result<void> remove(const Batch& batch);
  Result<void> make_directories(const std::set<std::string>& wanted);
  Result<void> hear_made(const std::vector<std::string>& words);
  Result<void> ask_to_move(const Batch& batch, std::span<Item* const> items);
  Result<void> hear_moved(std::span<Item* const> items);
  Result<void> set_directories(bool is_root);
  void fail_item(Item& item, Error error);
  const std::string& place_of(const std::string& path) const;

  Settings settings_;
  FarShell& shell_;
  ReceiveEvents& events_;
  Tally& tally_;
  bool root_is_new_ = false;
  std::uint64_t attempts_ = 0;  ///< before this one
  bool is_written_down_ = false;
  std::mutex mutex_;  ///< guards what follows
  std::uint64_t batches_ = 0;
  std::uint64_t last_id_ = 0;
  Batch small_;
  std::unordered_map<std::uint64_t, Growing> files_;
  std::map<std::string, Metadata> directories_;  ///< that were announced
  std::set<std::string> made_{""};
  std::map<std::string, std::string> unmade_;  ///< and why
  std::unordered_map<Digest, Landed, DigestHash> landed_;
  TreeDigest tree_;
  Durable durable_;
};

}  // namespace cp::transfer
