// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/connection.hpp"
#include "transfer/carrier.hpp"
#include "transfer/session_keys.hpp"
#include "transfer/whole_frame.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace cp::transfer {

/// A stream of chunks as messages of libfabric: the receiver's posted receives are the slots that
/// it grants, and a frame goes as one message from the slot in which it was built.
class FabricChunkSender final : public ChunkSender {
 public:
  /// Makes ready to send with WINDOW chunks on their way.
  static Result<std::unique_ptr<ChunkSender>> open(std::unique_ptr<fabric::Connection> connection,
                                                   std::uint32_t window, const Sealing& sealing);
  FabricChunkSender(std::unique_ptr<fabric::Connection> connection, std::uint32_t window,
                    const Sealing& sealing);

  Result<std::span<std::byte>> slot() override;
  Result<void> send(ChunkHeader header) override;
  std::uint64_t placed() const override { return credits_.placed(); }
  Result<void> drain() override;
  void interrupt() override { connection_->interrupt(); }

 private:
  Result<void> start();
  Result<void> expect_credit(std::size_t index);
  Result<void> settle(const fabric::Completion& completion);
  std::span<std::byte> slot_at(std::size_t index);
  std::span<std::byte> credit_at(std::size_t index);

  std::uint64_t window_;
  FrameWriter writer_;
  CreditReader credits_;
  std::vector<std::byte> memory_;  ///< the slots, then the credits
  std::vector<bool> is_free_;      ///< of each slot
  std::size_t current_ = 0;
  std::uint64_t sent_ = 0;
  std::unique_ptr<fabric::Connection> connection_;  ///< ends before the memory
};

class FabricChunkReceiver final : public ChunkReceiver {
 public:
  static Result<std::unique_ptr<ChunkReceiver>> open(std::unique_ptr<fabric::Connection> connection,
                                                     std::uint32_t window, const Sealing& sealing);
  FabricChunkReceiver(std::unique_ptr<fabric::Connection> connection, std::uint32_t window,
                      const Sealing& sealing);

  Result<std::optional<ReceivedChunk>> next() override;
  Result<void> placed() override;
  void interrupt() override { connection_->interrupt(); }

 private:
  Result<void> start();
  Result<fabric::Completion> wait_for_chunk();
  Result<std::size_t> free_credit();
  std::span<std::byte> slot_at(std::size_t index);
  std::span<std::byte, sealed_credit_bytes> credit_at(std::size_t index);

  std::size_t window_;
  FrameWriter writer_;
  FrameReader reader_;
  std::vector<std::byte> memory_;
  std::vector<bool> is_free_;               ///< of each credit
  std::deque<fabric::Completion> arrived_;  ///< chunks that came while a credit was to leave
  std::size_t current_ = 0;                 ///< the slot of the chunk that `next` gave
  std::unique_ptr<fabric::Connection> connection_;
};

std::unique_ptr<Carrier> make_fabric_carrier(std::unique_ptr<fabric::Connection> connection,
                                             Sealing sealing = {});

}  // namespace cp::transfer
