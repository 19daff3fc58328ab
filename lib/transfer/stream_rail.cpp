// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_rail.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

tl::unexpected<Error> cut() { return fail(Errc::timed_out, "a stream was cut"); }

}  // namespace

StreamChunkSender::StreamChunkSender(std::unique_ptr<net::Stream> stream, std::uint32_t window,
                                     const Sealing& sealing)
    : stream_(std::move(stream)),
      window_(window),
      sealer_(keyed<FrameSealer>(sealing.sends)),
      opener_(keyed<FrameOpener>(sealing.receives)),
      slot_(limits::chunk_bytes) {}

Result<std::span<std::byte>> StreamChunkSender::slot() {
  CP_TRY(take_credits());
  while (sent_ - placed_ >= window_) {
    CP_TRY(wait_for_credit());
  }
  return std::span(slot_);
}

Result<void> StreamChunkSender::send(ChunkHeader header) {
  header.sequence = ++sent_;
  std::array<std::byte, ChunkHeader::encoded_bytes> bytes;
  const auto payload = std::span(slot_).first(header.on_wire());
  if (sealer_) {
    sealer_->seal(header, bytes, payload);
  } else {
    encode(header, bytes);
  }
  if (!stream_->send(bytes, payload)) {
    return cut();
  }
  return {};
}

Result<void> StreamChunkSender::drain() {
  while (placed_ < sent_) {
    CP_TRY(wait_for_credit());
  }
  return {};
}

Result<void> StreamChunkSender::take_credits() {
  const auto count = stream_->receive_now(std::span(credits_).subspan(have_));
  if (!count || (*count && **count == 0)) {
    return cut();
  }
  have_ += count->value_or(0);
  return read_credits();
}

Result<void> StreamChunkSender::wait_for_credit() {
  const auto count = stream_->receive(std::span(credits_).subspan(have_));
  if (!count || *count == 0) {
    return cut();
  }
  have_ += *count;
  return read_credits();
}

Result<Credit> StreamChunkSender::read_credit(std::span<const std::byte> bytes) {
  return opener_ ? opener_->open(bytes.first<sealed_credit_bytes>())
                 : decode_credit(bytes.first<Credit::encoded_bytes>());
}

Result<void> StreamChunkSender::read_credits() {
  std::span<const std::byte> rest(credits_.data(), have_);
  for (; rest.size() >= credit_bytes(); rest = rest.subspan(credit_bytes())) {
    CP_TRY_ASSIGN(const Credit credit, read_credit(rest.first(credit_bytes())));
    if (credit.consumed <= placed_ || credit.consumed > sent_) {
      return fail(Errc::protocol, "a credit for what was not sent, or a second time");
    }
    placed_ = credit.consumed;
  }
  std::ranges::copy(rest, credits_.begin());
  have_ = rest.size();
  return {};
}

StreamChunkReceiver::StreamChunkReceiver(std::unique_ptr<net::Stream> stream,
                                         const Sealing& sealing)
    : stream_(std::move(stream)),
      sealer_(keyed<FrameSealer>(sealing.sends)),
      opener_(keyed<FrameOpener>(sealing.receives)),
      payload_(limits::chunk_bytes) {}

Result<std::span<std::byte>> StreamChunkReceiver::take_payload(std::uint32_t length) {
  const auto payload = std::span(payload_).first(length);
  const auto got = stream_->receive_all(payload);
  if (!got || *got != payload.size()) {
    return cut();
  }
  return payload;
}

Result<ReceivedChunk> StreamChunkReceiver::take_clear(const HeaderBytes& bytes) {
  CP_TRY_ASSIGN(const ChunkHeader header, decode_chunk_header(bytes));
  if (header.sequence != sequence_ + 1) {
    return fail(Errc::protocol, "a chunk out of its turn");
  }
  CP_TRY_ASSIGN(const auto payload, take_payload(header.on_wire()));
  return ReceivedChunk{header, payload};
}

Result<ReceivedChunk> StreamChunkReceiver::take_sealed(const HeaderBytes& bytes) {
  CP_TRY_ASSIGN(const std::uint32_t length, FrameOpener::length_in(bytes));
  CP_TRY_ASSIGN(const auto payload, take_payload(length));
  CP_TRY_ASSIGN(const ChunkHeader header, opener_->open(sequence_ + 1, bytes, payload, payload));
  return ReceivedChunk{header, payload};
}

Result<std::optional<ReceivedChunk>> StreamChunkReceiver::next() {
  HeaderBytes bytes;
  const auto have = stream_->receive_all(bytes);
  if (have && *have == 0) {
    return std::nullopt;
  }
  if (!have || *have != bytes.size()) {
    return cut();
  }
  CP_TRY_ASSIGN(const ReceivedChunk chunk, opener_ ? take_sealed(bytes) : take_clear(bytes));
  sequence_ = chunk.header.sequence;
  return chunk;
}

Result<void> StreamChunkReceiver::placed() {
  std::array<std::byte, sealed_credit_bytes> bytes;
  std::span<const std::byte> credit = bytes;
  if (sealer_) {
    sealer_->seal(Credit{sequence_}, bytes);
  } else {
    encode(Credit{sequence_}, std::span(bytes).first<Credit::encoded_bytes>());
    credit = credit.first(Credit::encoded_bytes);
  }
  if (!stream_->send(credit)) {
    return cut();
  }
  return {};
}

}  // namespace cp::transfer
