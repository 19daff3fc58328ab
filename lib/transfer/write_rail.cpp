// SPDX-License-Identifier: Apache-2.0
#include "transfer/write_rail.hpp"

#include "base/random.hpp"
#include "base/time.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cp::transfer {
namespace {

// One slot is on its way while the next is read and hashed; a third keeps both busy.
constexpr std::size_t kWriteSlots = 3;
// How long a wait goes before it looks whether the peer is there.
constexpr std::chrono::milliseconds kWriteWait{50};
// How long until a provider that had no room is asked again.
constexpr std::chrono::milliseconds kShortWait{1};

// The immediate data: the slot above the length of the frame in it.
constexpr unsigned kLengthBits = 21;
static_assert(whole_frame_bytes < (1U << kLengthBits));
static_assert(limits::window_slots_taken <= (1U << (32 - kLengthBits)));

constexpr std::uint32_t immediate_of(std::uint64_t slot, std::size_t length) {
  return static_cast<std::uint32_t>((slot << kLengthBits) | length);
}

// What a receiver grants: base, key and slots, 8 bytes each.
using GrantBytes = std::array<std::byte, 24>;

std::uint64_t random_key() {
  std::array<std::byte, 8> bytes{};
  KernelRandom().fill(bytes);
  return load_le<std::uint64_t>(bytes.data()) >> 1U;  // all ones is no key
}

}  // namespace

WriteSender::WriteSender(WriteParts parts, std::uint32_t window)
    : window_(window),
      writer_(parts.sealing.sends),
      credits_(parts.sealing.receives),
      memory_(kWriteSlots * whole_frame_bytes),
      is_free_(kWriteSlots, true),
      tether_(std::move(parts.tether)),
      endpoint_(std::move(parts.endpoint)) {}

Result<std::unique_ptr<ChunkSender>> WriteSender::open(WriteParts parts, std::uint32_t window) {
  auto sender = std::make_unique<WriteSender>(std::move(parts), window);
  CP_TRY(sender->endpoint_->prepare(sender->memory_, kWriteSlots));
  return sender;
}

std::span<std::byte> WriteSender::slot_at(std::size_t index) {
  return std::span(memory_).subspan(index * whole_frame_bytes, whole_frame_bytes);
}

Result<void> WriteSender::hear_grant() {
  GrantBytes bytes;
  CP_TRY(tether_->take(bytes));
  if (load_le<std::uint64_t>(&bytes[16]) < window_) {
    return fail(Errc::protocol, "a ring with fewer slots than were agreed on");
  }
  ring_ =
      fabric::RemoteMemory{load_le<std::uint64_t>(bytes.data()), load_le<std::uint64_t>(&bytes[8])};
  return {};
}

// Whether there were any.
Result<bool> WriteSender::take_credits() {
  std::array<std::byte, sealed_credit_bytes> bytes;
  const auto credit = std::span(bytes).first(credits_.size());
  bool were_any = false;
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, tether_->take_now(credit));
    if (!is_there) {
      return were_any;
    }
    CP_TRY(credits_.take(credit, sent_));
    were_any = true;
  }
}

Result<void> WriteSender::settle(std::optional<fabric::Completion> completion) {
  while (completion) {
    is_free_[completion->operation] = true;
    --on_their_way_;
    CP_TRY_ASSIGN(completion, endpoint_->poll());
  }
  return {};
}

// Waits for a write to end, or a credit: what is being written moves only while somebody looks.
Result<void> WriteSender::move(std::chrono::milliseconds patience) {
  CP_TRY_ASSIGN(const bool were_any, take_credits());
  if (were_any) {
    return {};
  }
  if (on_their_way_ > 0) {
    CP_TRY_ASSIGN(const auto completion, endpoint_->wait(patience));
    return settle(completion);
  }
  std::array<std::byte, sealed_credit_bytes> bytes;
  const auto credit = std::span(bytes).first(credits_.size());
  CP_TRY(tether_->take(credit));
  return credits_.take(credit, sent_);
}

Result<std::span<std::byte>> WriteSender::slot() {
  if (!ring_) {
    CP_TRY(hear_grant());
  }
  CP_TRY(take_credits());
  while (true) {
    CP_TRY_ASSIGN(const auto completion, endpoint_->poll());
    CP_TRY(settle(completion));
    const auto free = std::ranges::find(is_free_, true);
    if (free != is_free_.end() && sent_ - placed() < window_) {
      current_ = static_cast<std::size_t>(free - is_free_.begin());
      return FrameWriter::payload_of(slot_at(current_));
    }
    CP_TRY(move(kWriteWait));
  }
}

Result<void> WriteSender::write(std::span<const std::byte> frame) {
  const std::uint64_t slot = (sent_ - 1) % window_;
  const SteadyTime latest = SystemClock().steady() + limits::connect_patience;
  while (SystemClock().steady() < latest) {
    CP_TRY_ASSIGN(const bool has_room,
                  endpoint_->write(current_, frame, *ring_, slot * whole_frame_bytes,
                                   immediate_of(slot, frame.size())));
    if (has_room) {
      return {};
    }
    CP_TRY(take_credits());
    CP_TRY_ASSIGN(const auto completion, endpoint_->wait(kShortWait));
    CP_TRY(settle(completion));
  }
  return fail(Errc::timed_out, "the fabric does not lead to the other end");
}

Result<void> WriteSender::send(ChunkHeader header) {
  header.sequence = ++sent_;
  CP_TRY(write(writer_.write(header, slot_at(current_))));
  is_free_[current_] = false;
  ++on_their_way_;
  return {};
}

Result<void> WriteSender::drain() {
  while (placed() < sent_) {
    CP_TRY(move(kWriteWait));
  }
  return {};
}

WriteReceiver::WriteReceiver(WriteParts parts, std::uint32_t window)
    : writer_(parts.sealing.sends),
      reader_(parts.sealing.receives, FrameHome::shared),
      ring_(window * whole_frame_bytes),
      lengths_(window, 0),
      tether_(std::move(parts.tether)),
      endpoint_(std::move(parts.endpoint)) {}

Result<std::unique_ptr<ChunkReceiver>> WriteReceiver::open(WriteParts parts, std::uint32_t window) {
  auto receiver = std::make_unique<WriteReceiver>(std::move(parts), window);
  CP_TRY(receiver->grant());
  return receiver;
}

Result<void> WriteReceiver::grant() {
  CP_TRY_ASSIGN(const fabric::RemoteMemory memory, endpoint_->expose(ring_, random_key()));
  GrantBytes bytes;
  store_le(bytes.data(), memory.base);
  store_le(&bytes[8], memory.key);
  store_le(&bytes[16], static_cast<std::uint64_t>(lengths_.size()));
  return tether_->send(bytes);
}

// The sender says anything, and only what can be is taken.
Result<void> WriteReceiver::note(const fabric::Completion& completion) {
  const std::uint64_t slot = completion.immediate >> kLengthBits;
  const auto length = static_cast<std::uint32_t>(completion.immediate & ((1U << kLengthBits) - 1));
  if (!completion.is_remote_write || slot >= lengths_.size() || lengths_[slot] != 0 ||
      length < ChunkHeader::encoded_bytes || length > whole_frame_bytes) {
    return fail(Errc::protocol, "a write that was not granted");
  }
  lengths_[slot] = length;
  return {};
}

// Whether the sender is still there.
Result<bool> WriteReceiver::wait_for_write() {
  auto completion = endpoint_->poll();
  if (completion && !*completion) {
    completion = endpoint_->wait(kWriteWait);
  }
  if (!completion) {
    return false;
  }
  if (*completion) {
    CP_TRY(note(**completion));
    return true;
  }
  std::array<std::byte, 1> byte;
  const auto said = tether_->take_now(byte);
  if (said && *said) {
    return fail(Errc::protocol, "a sender that says what nobody asked");
  }
  return said.has_value();
}

Result<std::optional<ReceivedChunk>> WriteReceiver::next() {
  // One sequence after the other fills one slot after the other.
  const std::size_t slot = reader_.sequence() % lengths_.size();
  while (lengths_[slot] == 0) {
    CP_TRY_ASSIGN(const bool is_there, wait_for_write());
    if (!is_there) {
      // A frame is there whole or not at all, so whatever ended the stream did it between two.
      return std::nullopt;
    }
  }
  const auto frame = std::span<const std::byte>(ring_).subspan(slot * whole_frame_bytes);
  CP_TRY_ASSIGN(const ReceivedChunk chunk,
                reader_.read(frame.first(std::exchange(lengths_[slot], 0))));
  return chunk;
}

Result<void> WriteReceiver::placed() {
  std::array<std::byte, sealed_credit_bytes> bytes;
  return tether_->send(writer_.write(Credit{reader_.sequence()}, bytes));
}

}  // namespace cp::transfer
