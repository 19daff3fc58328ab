// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"
#include "transfer/rail.hpp"
#include "transfer/seal.hpp"
#include "transfer/session_keys.hpp"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace cp::transfer {

/// A stream of chunks over a connection of any kind: frames one way, credits the other.
class StreamChunkSender final : public ChunkSender {
 public:
  /// WINDOW chunks may be on their way.
  StreamChunkSender(std::unique_ptr<net::Stream> stream, std::uint32_t window,
                    const Sealing& sealing = {});

  Result<std::span<std::byte>> slot() override;
  Result<void> send(ChunkHeader header) override;
  std::uint64_t placed() const override { return placed_; }
  Result<void> drain() override;
  void interrupt() override { stream_->shutdown(); }

 private:
  Result<void> take_credits();
  Result<void> wait_for_credit();
  Result<void> read_credits();
  std::size_t credit_bytes() const { return opener_ ? sealed_credit_bytes : Credit::encoded_bytes; }
  Result<Credit> read_credit(std::span<const std::byte> bytes);

  std::unique_ptr<net::Stream> stream_;
  std::uint64_t window_;
  std::optional<FrameSealer> sealer_;
  std::optional<FrameOpener> opener_;
  std::vector<std::byte> slot_;
  std::uint64_t sent_ = 0;
  std::uint64_t placed_ = 0;
  std::array<std::byte, 64 * sealed_credit_bytes> credits_;
  std::size_t have_ = 0;  ///< bytes of credits that have come in
};

class StreamChunkReceiver final : public ChunkReceiver {
 public:
  explicit StreamChunkReceiver(std::unique_ptr<net::Stream> stream, const Sealing& sealing = {});

  Result<std::optional<ReceivedChunk>> next() override;
  Result<void> placed() override;
  void interrupt() override { stream_->shutdown(); }

 private:
  using HeaderBytes = std::array<std::byte, ChunkHeader::encoded_bytes>;
  Result<ReceivedChunk> take_clear(const HeaderBytes& bytes);
  Result<ReceivedChunk> take_sealed(const HeaderBytes& bytes);
  Result<std::span<std::byte>> take_payload(std::uint32_t length);

  std::unique_ptr<net::Stream> stream_;
  std::optional<FrameSealer> sealer_;
  std::optional<FrameOpener> opener_;
  std::vector<std::byte> payload_;
  std::uint64_t sequence_ = 0;
};

}  // namespace cp::transfer
