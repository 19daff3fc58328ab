// SPDX-License-Identifier: Apache-2.0
#include "transfer/fabric_rail.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// One slot is on its way while the next is read and hashed; a third keeps both busy.
constexpr std::size_t kSendSlots = 3;

// Operations are numbered: first the slots, then the credits.
constexpr std::size_t memory_for(std::size_t slots, std::size_t credits) {
  return slots * whole_frame_bytes + credits * sealed_credit_bytes;
}

class FabricCarrier final : public Carrier {
 public:
  FabricCarrier(std::unique_ptr<fabric::Connection> connection, Sealing sealing)
      : connection_(std::move(connection)), sealing_(std::move(sealing)) {}
  Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) override {
    return FabricChunkSender::open(std::move(connection_), window, sealing_);
  }
  Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t window) override {
    return FabricChunkReceiver::open(std::move(connection_), window, sealing_);
  }

 private:
  std::unique_ptr<fabric::Connection> connection_;
  Sealing sealing_;
};

}  // namespace

std::unique_ptr<Carrier> make_fabric_carrier(std::unique_ptr<fabric::Connection> connection,
                                             Sealing sealing) {
  return std::make_unique<FabricCarrier>(std::move(connection), std::move(sealing));
}

FabricChunkSender::FabricChunkSender(std::unique_ptr<fabric::Connection> connection,
                                     std::uint32_t window, const Sealing& sealing)
    : window_(window),
      writer_(sealing.sends),
      credits_(sealing.receives),
      memory_(memory_for(kSendSlots, window)),
      is_free_(kSendSlots, true),
      connection_(std::move(connection)) {}

Result<std::unique_ptr<ChunkSender>> FabricChunkSender::open(
    std::unique_ptr<fabric::Connection> connection, std::uint32_t window, const Sealing& sealing) {
  auto sender = std::make_unique<FabricChunkSender>(std::move(connection), window, sealing);
  CP_TRY(sender->start());
  return sender;
}

std::span<std::byte> FabricChunkSender::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * whole_frame_bytes, whole_frame_bytes);
}

std::span<std::byte> FabricChunkSender::credit_at(std::size_t index) {
  return std::span(memory_).subspan(memory_for(kSendSlots, index), credits_.size());
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
  if (completion.bytes != credit_at(index).size()) {
    return fail(Errc::protocol, "no credit where one belongs");
  }
  CP_TRY(credits_.take(credit_at(index), sent_));
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
    if (free != is_free_.end() && sent_ - placed() < window_) {
      current_ = static_cast<std::size_t>(free - is_free_.begin());
      return FrameWriter::payload_of(slot_at(current_));
    }
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    CP_TRY(settle(completion));
  }
}

Result<void> FabricChunkSender::send(ChunkHeader header) {
  header.sequence = ++sent_;
  const auto frame = writer_.write(header, slot_at(current_));
  is_free_[current_] = false;
  return connection_->send(current_, frame);
}

Result<void> FabricChunkSender::drain() {
  while (placed() < sent_) {
    CP_TRY_ASSIGN(const auto completion, connection_->wait());
    CP_TRY(settle(completion));
  }
  return {};
}

FabricChunkReceiver::FabricChunkReceiver(std::unique_ptr<fabric::Connection> connection,
                                         std::uint32_t window, const Sealing& sealing)
    : window_(window),
      writer_(sealing.sends),
      reader_(sealing.receives, FrameHome::own),
      memory_(memory_for(window, window)),
      is_free_(window, true),
      connection_(std::move(connection)) {}

Result<std::unique_ptr<ChunkReceiver>> FabricChunkReceiver::open(
    std::unique_ptr<fabric::Connection> connection, std::uint32_t window, const Sealing& sealing) {
  auto receiver = std::make_unique<FabricChunkReceiver>(std::move(connection), window, sealing);
  CP_TRY(receiver->start());
  return receiver;
}

std::span<std::byte> FabricChunkReceiver::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * whole_frame_bytes, whole_frame_bytes);
}

std::span<std::byte, sealed_credit_bytes> FabricChunkReceiver::credit_at(std::size_t index) {
  return std::span(memory_).subspan(memory_for(window_, index)).first<sealed_credit_bytes>();
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
  CP_TRY_ASSIGN(const ReceivedChunk chunk, reader_.read(slot_at(current_).first(completion.bytes)));
  return chunk;
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
  is_free_[index] = false;
  return connection_->send(window_ + index,
                           writer_.write(Credit{reader_.sequence()}, credit_at(index)));
}

}  // namespace cp::transfer
