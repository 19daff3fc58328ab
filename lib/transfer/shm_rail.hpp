// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/rdm_endpoint.hpp"
#include "transfer/rail.hpp"
#include "transfer/tether.hpp"
#include "transfer/whole_frame.hpp"
#include "transfer/write_rail.hpp"

#include <deque>
#include <memory>
#include <vector>

/// A stream of chunks as messages through shared memory. libfabric 1.17's provider keeps a lock
/// there while it copies, for which the other process waits spinning, and for ever when its holder
/// was killed. So both ends take turns: the sender posts what it has and says over the tether how
/// many messages that are, the receiver takes all of them and gives the turn back. Whoever has not
/// the turn does not call the provider, and fills or places chunks meanwhile. There are no wait
/// objects either: both wait for the tether.
namespace cp::transfer {

class ShmSender final : public ChunkSender {
 public:
  static Result<std::unique_ptr<ChunkSender>> open(WriteParts parts, std::uint32_t window);
  ShmSender(WriteParts parts, std::uint32_t window);

  Result<std::span<std::byte>> slot() override;
  Result<void> send(ChunkHeader header) override;
  std::uint64_t placed() const override { return credits_.placed(); }
  Result<void> drain() override;
  void interrupt() override { tether_->interrupt(); }

 private:
  struct Posting {
    std::size_t slot = 0;
    std::size_t bytes = 0;
  };
  Result<void> follow_words();
  Result<void> follow(std::byte word);
  Result<void> take_turn();
  Result<void> wait();
  Result<void> hand_over();
  std::span<std::byte> slot_at(std::size_t index);

  std::uint64_t window_;
  FrameWriter writer_;
  CreditReader credits_;
  std::vector<std::byte> memory_;
  std::vector<bool> is_free_;      ///< of each slot
  std::deque<Posting> waiting_;    ///< what was sent, and is to be posted at our next turn
  std::uint64_t handed_over_ = 0;  ///< chunks
  std::size_t current_ = 0;
  std::uint64_t sent_ = 0;
  bool has_turn_ = true;
  std::unique_ptr<Tether> tether_;
  std::unique_ptr<fabric::RdmEndpoint> endpoint_;  ///< ends before the memory
};

class ShmReceiver final : public ChunkReceiver {
 public:
  static Result<std::unique_ptr<ChunkReceiver>> open(WriteParts parts, std::uint32_t window);
  ShmReceiver(WriteParts parts, std::uint32_t window);

  Result<std::optional<ReceivedChunk>> next() override;
  Result<void> placed() override;
  void interrupt() override { tether_->interrupt(); }

 private:
  Result<void> post_free();
  Result<void> take_turn(std::size_t messages);
  std::span<std::byte> slot_at(std::size_t index);

  FrameWriter writer_;
  FrameReader reader_;
  std::vector<std::byte> memory_;
  std::vector<std::size_t> free_;  ///< slots to be posted at our next turn
  std::size_t posted_ = 0;
  std::deque<fabric::Completion> arrived_;
  std::size_t current_ = 0;  ///< the slot of the chunk that `next` gave
  std::unique_ptr<Tether> tether_;
  std::unique_ptr<fabric::RdmEndpoint> endpoint_;  ///< ends before the memory
};

}  // namespace cp::transfer
