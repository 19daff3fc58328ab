// SPDX-License-Identifier: Apache-2.0
#include "transfer/shm_rail.hpp"

#include "base/time.hpp"
#include "transfer/limits.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <thread>

namespace cp::transfer {
namespace {

// Some lie with the receiver while the next are read and hashed.
constexpr std::size_t kPostedSlots = 4;
// Words of a receiver on the tether: the turn is the sender's, and what follows is a credit.
constexpr std::byte kTurnBack{'t'};
constexpr std::byte kCredit{'c'};
// What was posted is there, and only has to be copied. One that was paged out may take its time.
constexpr auto kTurn = std::chrono::seconds(10);
constexpr auto kGlance = std::chrono::microseconds(20);

tl::unexpected<Error> dead() { return fail(Errc::timed_out, "the fabric connection is cut"); }

}  // namespace

ShmSender::ShmSender(WriteParts parts, std::uint32_t window)
    : window_(window),
      writer_(parts.sealing.sends),
      credits_(parts.sealing.receives),
      memory_(kPostedSlots * whole_frame_bytes),
      is_free_(kPostedSlots, true),
      tether_(std::move(parts.tether)),
      endpoint_(std::move(parts.endpoint)) {}

Result<std::unique_ptr<ChunkSender>> ShmSender::open(WriteParts parts, std::uint32_t window) {
  auto sender = std::make_unique<ShmSender>(std::move(parts), window);
  CP_TRY(sender->endpoint_->prepare(sender->memory_, kPostedSlots));
  return sender;
}

std::span<std::byte> ShmSender::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * whole_frame_bytes, whole_frame_bytes);
}

Result<void> ShmSender::follow(std::byte word) {
  if (word == kTurnBack && !has_turn_) {
    return take_turn();
  }
  if (word != kCredit) {
    return fail(Errc::protocol, "a word of shared memory that is none");
  }
  std::array<std::byte, sealed_credit_bytes> bytes;
  const auto credit = std::span(bytes).first(credits_.size());
  CP_TRY(tether_->take(credit));
  return credits_.take(credit, handed_over_);
}

// What was handed over is taken by now, and its slots are free.
Result<void> ShmSender::take_turn() {
  has_turn_ = true;
  while (true) {
    CP_TRY_ASSIGN(const auto completion, endpoint_->poll());
    if (!completion) {
      return {};
    }
    is_free_[completion->operation] = true;
  }
}

Result<void> ShmSender::follow_words() {
  std::array<std::byte, 1> word;
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, tether_->take_now(word));
    if (!is_there) {
      return hand_over();
    }
    CP_TRY(follow(word[0]));
  }
}

Result<void> ShmSender::wait() {
  std::array<std::byte, 1> word;
  CP_TRY(tether_->take(word));
  CP_TRY(follow(word[0]));
  return follow_words();
}

Result<std::span<std::byte>> ShmSender::slot() {
  CP_TRY(follow_words());
  while (true) {
    const auto free = std::ranges::find(is_free_, true);
    if (free != is_free_.end() && sent_ - placed() < window_) {
      current_ = static_cast<std::size_t>(free - is_free_.begin());
      return FrameWriter::payload_of(slot_at(current_));
    }
    CP_TRY(wait());
  }
}

Result<void> ShmSender::send(ChunkHeader header) {
  header.sequence = ++sent_;
  const auto frame = writer_.write(header, slot_at(current_));
  is_free_[current_] = false;
  waiting_.push_back({current_, frame.size()});
  return follow_words();
}

Result<void> ShmSender::hand_over() {
  if (!has_turn_ || waiting_.empty()) {
    return {};
  }
  for (const Posting& posting : waiting_) {
    CP_TRY_ASSIGN(const bool has_room,
                  endpoint_->send(posting.slot, slot_at(posting.slot).first(posting.bytes)));
    if (!has_room) {
      return dead();
    }
  }
  const std::array<std::byte, 1> word{static_cast<std::byte>(waiting_.size())};
  handed_over_ += waiting_.size();
  waiting_.clear();
  has_turn_ = false;
  return tether_->send(word);
}

Result<void> ShmSender::drain() {
  while (placed() < sent_) {
    CP_TRY(wait());
  }
  return {};
}

ShmReceiver::ShmReceiver(WriteParts parts, std::uint32_t window)
    : writer_(parts.sealing.sends),
      reader_(parts.sealing.receives, FrameHome::own),
      memory_(window * whole_frame_bytes),
      free_(window),
      tether_(std::move(parts.tether)),
      endpoint_(std::move(parts.endpoint)) {
  std::iota(free_.begin(), free_.end(), 0);
}

Result<std::unique_ptr<ChunkReceiver>> ShmReceiver::open(WriteParts parts, std::uint32_t window) {
  auto receiver = std::make_unique<ShmReceiver>(std::move(parts), window);
  CP_TRY(receiver->endpoint_->prepare(receiver->memory_, window));
  return receiver;
}

std::span<std::byte> ShmReceiver::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * whole_frame_bytes, whole_frame_bytes);
}

Result<void> ShmReceiver::post_free() {
  for (const std::size_t slot : free_) {
    CP_TRY_ASSIGN(const bool has_room, endpoint_->receive(slot, slot_at(slot)));
    if (!has_room) {
      return dead();
    }
  }
  posted_ += free_.size();
  free_.clear();
  return {};
}

Result<void> ShmReceiver::take_turn(std::size_t messages) {
  CP_TRY(post_free());
  if (messages == 0 || messages > posted_) {
    return fail(Errc::protocol, "more chunks than were granted");
  }
  const SteadyTime deadline = SystemClock().steady() + kTurn;
  while (arrived_.size() < messages) {
    CP_TRY_ASSIGN(const auto completion, endpoint_->poll());
    if (completion) {
      arrived_.push_back(*completion);
    } else if (SystemClock().steady() > deadline) {
      return dead();
    } else {
      std::this_thread::sleep_for(kGlance);
    }
  }
  posted_ -= messages;
  return tether_->send(std::array{kTurnBack});
}

Result<std::optional<ReceivedChunk>> ShmReceiver::next() {
  while (arrived_.empty()) {
    std::array<std::byte, 1> word;
    if (!tether_->take(word)) {
      return std::nullopt;
    }
    const auto taken = take_turn(std::to_integer<std::size_t>(word[0]));
    if (!taken && taken.error().code == Errc::timed_out) {
      // A message comes whole or not at all, so whatever ended the stream did it between two.
      return std::nullopt;
    }
    CP_TRY(taken);
  }
  const fabric::Completion completion = arrived_.front();
  arrived_.pop_front();
  current_ = completion.operation;
  CP_TRY_ASSIGN(const ReceivedChunk chunk, reader_.read(slot_at(current_).first(completion.bytes)));
  return chunk;
}

Result<void> ShmReceiver::placed() {
  free_.push_back(current_);
  std::array<std::byte, 1 + sealed_credit_bytes> bytes{kCredit};
  const auto credit =
      writer_.write(Credit{reader_.sequence()}, std::span(bytes).last<sealed_credit_bytes>());
  return tether_->send(std::span(bytes).first(1 + credit.size()));
}

}  // namespace cp::transfer
