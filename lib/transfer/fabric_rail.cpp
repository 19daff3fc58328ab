// SPDX-License-Identifier: Apache-2.0
#include "transfer/fabric_rail.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// One slot is on its way while the next is read and hashed; a third keeps both busy.
constexpr std::size_t kSendSlots = 3;
constexpr std::size_t kSlotBytes = ChunkHeader::encoded_bytes + limits::chunk_bytes;

// Operations are numbered: first the slots, then the credits.
constexpr std::size_t memory_for(std::size_t slots, std::size_t credits) {
  return slots * kSlotBytes + credits * Credit::encoded_bytes;
}

class FabricCarrier final : public Carrier {
 public:
  explicit FabricCarrier(std::unique_ptr<fabric::Connection> connection)
      : connection_(std::move(connection)) {}
  Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) override {
    return FabricChunkSender::open(std::move(connection_), window);
  }
  Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t window) override {
    return FabricChunkReceiver::open(std::move(connection_), window);
  }

 private:
  std::unique_ptr<fabric::Connection> connection_;
};

}  // namespace

std::unique_ptr<Carrier> make_fabric_carrier(std::unique_ptr<fabric::Connection> connection) {
  return std::make_unique<FabricCarrier>(std::move(connection));
}

FabricChunkSender::FabricChunkSender(std::unique_ptr<fabric::Connection> connection,
                                     std::uint32_t window)
    : window_(window),
      memory_(memory_for(kSendSlots, window)),
      is_free_(kSendSlots, true),
      connection_(std::move(connection)) {}

Result<std::unique_ptr<ChunkSender>> FabricChunkSender::open(
    std::unique_ptr<fabric::Connection> connection, std::uint32_t window) {
  auto sender = std::make_unique<FabricChunkSender>(std::move(connection), window);
  CP_TRY(sender->start());
  return sender;
}

std::span<std::byte> FabricChunkSender::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * kSlotBytes, kSlotBytes);
}

std::span<std::byte> FabricChunkSender::credit_at(std::size_t index) {
  return std::span(memory_).subspan(memory_for(kSendSlots, index), Credit::encoded_bytes);
}

Result<void> FabricChunkSender::start() {
  CP_TRY(connection_->prepare(memory_, kSendSlots + window_));
  for (std::size_t i = 0; i < window_; ++i) {
    CP_TRY(expect_credit(i));
  }
  return {};
}

Result<void> FabricChunkSender::expect_credit(std::size_t index) {
  return connection_->receive(kSendSlots + index, credit_at(index));
}

Result<void> FabricChunkSender::settle(const fabric::Completion& completion) {
  if (!completion.is_receive) {
    is_free_[completion.operation] = true;
    return {};
  }
  const std::size_t index = completion.operation - kSendSlots;
  if (completion.bytes != Credit::encoded_bytes) {
    return fail(Errc::protocol, "no credit where one belongs");
  }
  CP_TRY_ASSIGN(const Credit credit,
                decode_credit(credit_at(index).first<Credit::encoded_bytes>()));
  if (credit.consumed < placed_ || credit.consumed > sent_) {
    return fail(Errc::protocol, "a credit for what was not sent");
  }
  placed_ = credit.consumed;
  return expect_credit(index);
}

Result<std::span<std::byte>> FabricChunkSender::slot() {
  while (true) {
    CP_TRY_ASSIGN(const auto ready, connection_->poll());
    if (ready) {
      CP_TRY(settle(*ready));
      continue;
    }
    const auto free = std::ranges::find(is_free_, true);
    if (free != is_free_.end() && sent_ - placed_ < window_) {
      current_ = static_cast<std::size_t>(free - is_free_.begin());
      return slot_at(current_).subspan(ChunkHeader::encoded_bytes);
    }
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    CP_TRY(settle(completion));
  }
}

Result<void> FabricChunkSender::send(ChunkHeader header) {
  header.sequence = ++sent_;
  const auto slot = slot_at(current_);
  encode(header, slot.first<ChunkHeader::encoded_bytes>());
  is_free_[current_] = false;
  return connection_->send(current_, slot.first(ChunkHeader::encoded_bytes + header.length));
}

Result<void> FabricChunkSender::drain() {
  while (placed_ < sent_) {
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    CP_TRY(settle(completion));
  }
  return {};
}

FabricChunkReceiver::FabricChunkReceiver(std::unique_ptr<fabric::Connection> connection,
                                         std::uint32_t window)
    : window_(window),
      memory_(memory_for(window, window)),
      is_free_(window, true),
      connection_(std::move(connection)) {}

Result<std::unique_ptr<ChunkReceiver>> FabricChunkReceiver::open(
    std::unique_ptr<fabric::Connection> connection, std::uint32_t window) {
  auto receiver = std::make_unique<FabricChunkReceiver>(std::move(connection), window);
  CP_TRY(receiver->start());
  return receiver;
}

std::span<std::byte> FabricChunkReceiver::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * kSlotBytes, kSlotBytes);
}

std::span<std::byte> FabricChunkReceiver::credit_at(std::size_t index) {
  return std::span(memory_).subspan(memory_for(window_, index), Credit::encoded_bytes);
}

Result<void> FabricChunkReceiver::start() {
  CP_TRY(connection_->prepare(memory_, 2 * window_));
  for (std::size_t i = 0; i < window_; ++i) {
    CP_TRY(connection_->receive(i, slot_at(i)));
  }
  return {};
}

Result<fabric::Completion> FabricChunkReceiver::wait_for_chunk() {
  while (arrived_.empty()) {
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    if (completion.is_receive) {
      return completion;
    }
    is_free_[completion.operation - window_] = true;
  }
  const fabric::Completion first = arrived_.front();
  arrived_.pop_front();
  return first;
}

Result<std::optional<ReceivedChunk>> FabricChunkReceiver::next() {
  const auto waited = wait_for_chunk();
  if (!waited) {
    // A message comes whole or not at all, so whatever ended the stream did it between two chunks.
    return std::nullopt;
  }
  const fabric::Completion& completion = *waited;
  current_ = completion.operation;
  const auto slot = slot_at(current_);
  if (completion.bytes < ChunkHeader::encoded_bytes) {
    return fail(Errc::protocol, "no chunk where one belongs");
  }
  CP_TRY_ASSIGN(const ChunkHeader header,
                decode_chunk_header(slot.first<ChunkHeader::encoded_bytes>()));
  if (completion.bytes != ChunkHeader::encoded_bytes + header.length) {
    return fail(Errc::protocol, "a chunk of another length than it says");
  }
  if (header.sequence != sequence_ + 1) {
    return fail(Errc::protocol, "a chunk out of its turn");
  }
  sequence_ = header.sequence;
  return ReceivedChunk{header, slot.subspan(ChunkHeader::encoded_bytes, header.length)};
}

Result<std::size_t> FabricChunkReceiver::free_credit() {
  while (true) {
    const auto free = std::ranges::find(is_free_, true);
    if (free != is_free_.end()) {
      return static_cast<std::size_t>(free - is_free_.begin());
    }
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    if (completion.is_receive) {
      arrived_.push_back(completion);
    } else {
      is_free_[completion.operation - window_] = true;
    }
  }
}

// The slot is posted before its credit leaves, so that the sender never meets a full receiver.
Result<void> FabricChunkReceiver::placed() {
  CP_TRY(connection_->receive(current_, slot_at(current_)));
  CP_TRY_ASSIGN(const std::size_t index, free_credit());
  encode(Credit{sequence_}, credit_at(index).first<Credit::encoded_bytes>());
  is_free_[index] = false;
  return connection_->send(window_ + index, credit_at(index));
}

}  // namespace cp::transfer
