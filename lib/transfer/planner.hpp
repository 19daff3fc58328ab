// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/answers.hpp"
#include "transfer/chunk_reader.hpp"
#include "transfer/far_end.hpp"
#include "transfer/have.hpp"
#include "transfer/tally.hpp"
#include "transfer/walk.hpp"
#include "transfer/work.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace cp::transfer {

/// Turns what a walk finds into work: small files into packs, large ones into a chunk a leaf, so
/// that one huge file keeps all streams busy; directories, links and large files are told to the
/// far end. For one thread.
class Planner final : public WalkSink {
 public:
  struct Parts {
    FarEnd& far;  ///< borrowed, as all of it
    WorkQueue& queue;
    Tally& tally;
    const HaveTable* have = nullptr;  ///< what the far end has from earlier attempts, if anything
    /// Called with each large file before its chunks are queued.
    std::function<void(const std::shared_ptr<SourceFile>&)> announced;
    ReadEvents& events;
    std::stop_token stop;
    /// The far end understands what only some entries have.
    bool knows_extras = true;
    Answers* answers = nullptr;  ///< where files are offered first
    bool tells_present = false;  ///< what fails or is passed over, too: the rest is deleted
  };
  explicit Planner(Parts parts);

  /// The source that `found` speaks of from now on, borrowed for the whole transfer.
  Result<void> begin(const Source& source);
  Result<void> found(Entry entry) override;
  Result<void> cannot_move(std::string_view path, const Error& error) override;
  Result<void> passed_over(std::string_view path) override;
  /// Sends on what is still gathered.
  Result<void> flush();

 private:
  Result<void> tell(Entry entry);
  Result<void> flush_entries();
  Result<void> flush_pack();
  Result<void> pack(Entry entry);
  Result<void> plan_alone(Entry entry);
  Result<void> send(Entry entry);
  Result<void> offer(Entry entry);
  Result<void> flush_offer();
  Result<void> take_answer();
  Result<void> follow(Entry entry, const Answer::Item& item, Same& same);
  Result<bool> is_same(const Entry& entry, const Digest& digest);
  void skip(const Entry& entry);
  Result<void> queue_leaves(const std::shared_ptr<SourceFile>& file);
  std::shared_ptr<SourceFile> resumed(const Entry& entry);
  Result<void> keep(const Entry& entry);
  Result<void> flush_kept();
  Result<void> push(Work work);
  bool is_other_name(Entry& entry);
  void find_holes_of(Entry& entry) const;

  Parts parts_;
  const Source* source_ = nullptr;
  Entries entries_;
  Kept kept_;
  std::size_t entries_bytes_ = 0;
  PackWork pack_;
  std::size_t pack_bytes_ = 0;
  std::uint64_t packs_ = 0;
  std::uint64_t files_alone_ = 0;
  Offer offer_;
  std::size_t offer_bytes_ = 0;
  std::uint64_t offers_ = 0;
  std::deque<std::vector<Entry>> offered_;  ///< and not answered
  struct Leader {
    std::string path;
    Digest stamp;
  };
  /// Files that may have other names, by device and inode.
  std::map<std::pair<std::uint64_t, std::uint64_t>, Leader> leaders_;
};

}  // namespace cp::transfer
