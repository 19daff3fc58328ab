// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/far_end.hpp"
#include "transfer/taker.hpp"
#include "transfer/tally.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace cp::transfer {

/// The receiving end of a transfer of one file that goes to a stream, in its order: over one rail
/// of one stream, whose chunks come so. What was written cannot be taken back: that it was not all,
/// or not what was read, is the transfer's error. Chunks that do not come in order, and anything
/// but one file, are protocol; io when the stream takes no more.
class StreamOut final : public Taker {
 public:
  struct Settings {
    int fd = -1;     ///< borrowed: the stream, a pipe or a file
    std::string id;  ///< of the transfer
    bool syncs = true;
  };
  /// Borrows EVENTS and TALLY.
  StreamOut(Settings settings, ReceiveEvents& events, Tally& tally);

  const std::string& id() const override { return settings_.id; }
  std::uint64_t attempt() const override { return 1; }
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
  void interrupt() override;

 private:
  Result<void> take_pack(std::span<const std::byte> payload);
  Result<void> take_chunk(const ChunkHeader& header, std::span<const std::byte> payload);
  Result<void> fill_holes(std::uint64_t offset);
  Result<void> write(std::span<const std::byte> bytes);
  Result<void> check_whole();
  int fd() const { return own_ ? own_.get() : settings_.fd; }

  const Settings settings_;
  ReceiveEvents& events_;
  Tally& tally_;
  UniqueFd own_;  ///< the same pipe, that does not block
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;  ///< guards the next three
  std::condition_variable announced_;
  std::optional<Entry> entry_;
  std::optional<FileEnd> end_;
  bool has_failed_ = false;
  std::mutex writing_;  ///< guards the rest; before mutex_
  std::uint64_t written_ = 0;
  LeafTree leaves_;
  bool is_whole_ = false;
  Digest content_{};
  std::string path_;
};

}  // namespace cp::transfer
