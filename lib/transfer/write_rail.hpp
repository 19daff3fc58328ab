// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/rdm_endpoint.hpp"
#include "transfer/rail.hpp"
#include "transfer/session_keys.hpp"
#include "transfer/tether.hpp"
#include "transfer/whole_frame.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

/// A stream of chunks as remote writes. The receiver exposes a ring of as many slots as its window
/// has, and nothing else; the sender writes each frame into the next slot and tells in the
/// immediate data (32 bits, which every provider has) which it is and how long. A credit, over the
/// tether, frees the slot. The peer can write into the ring at any time, so whatever is there is
/// copied, or decrypted, before anything of it is believed.
namespace cp::transfer {

/// Both ends of such a stream begin with these.
struct WriteParts {
  std::unique_ptr<fabric::RdmEndpoint> endpoint;  ///< that has met its peer
  std::unique_ptr<Tether> tether;
  Sealing sealing;
};

class WriteSender final : public ChunkSender {
 public:
  static Result<std::unique_ptr<ChunkSender>> open(WriteParts parts, std::uint32_t window);
  WriteSender(WriteParts parts, std::uint32_t window);

  Result<std::span<std::byte>> slot() override;
  Result<void> send(ChunkHeader header) override;
  std::uint64_t placed() const override { return credits_.placed(); }
  Result<void> drain() override;
  void interrupt() override { tether_->interrupt(); }

 private:
  Result<void> hear_grant();
  Result<bool> take_credits();
  Result<void> settle(std::optional<fabric::Completion> completion);
  Result<void> move(std::chrono::milliseconds patience);
  Result<void> write(std::span<const std::byte> frame);
  std::span<std::byte> slot_at(std::size_t index);

  std::uint64_t window_;
  FrameWriter writer_;
  CreditReader credits_;
  std::vector<std::byte> memory_;
  std::vector<bool> is_free_;  ///< of each slot of ours
  std::size_t current_ = 0;
  std::size_t on_their_way_ = 0;
  std::uint64_t sent_ = 0;
  std::optional<fabric::RemoteMemory> ring_;  ///< once it was granted
  std::unique_ptr<Tether> tether_;
  std::unique_ptr<fabric::RdmEndpoint> endpoint_;  ///< ends before the memory
};

class WriteReceiver final : public ChunkReceiver {
 public:
  static Result<std::unique_ptr<ChunkReceiver>> open(WriteParts parts, std::uint32_t window);
  WriteReceiver(WriteParts parts, std::uint32_t window);

  Result<std::optional<ReceivedChunk>> next() override;
  Result<void> placed() override;
  void interrupt() override { tether_->interrupt(); }

 private:
  Result<void> grant();
  Result<void> note(const fabric::Completion& completion);
  Result<bool> wait_for_write();

  FrameWriter writer_;
  FrameReader reader_;
  std::vector<std::byte> ring_;
  std::vector<std::uint32_t> lengths_;  ///< of the frame in each slot; 0: there is none
  std::unique_ptr<Tether> tether_;
  std::unique_ptr<fabric::RdmEndpoint> endpoint_;  ///< ends before the ring
};

}  // namespace cp::transfer
