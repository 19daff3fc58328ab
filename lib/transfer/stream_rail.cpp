// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_rail.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

tl::unexpected<Error> cut() { return fail(Errc::timed_out, "a stream was cut"); }

}  // namespace

StreamChunkSender::StreamChunkSender(std::unique_ptr<net::Stream> stream, std::uint32_t window)
    : stream_(std::move(stream)), window_(window), slot_(limits::chunk_bytes) {}

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
  encode(header, bytes);
  if (!stream_->send(bytes, std::span(slot_).first(header.length))) {
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

Result<void> StreamChunkSender::read_credits() {
  std::span<const std::byte> rest(credits_.data(), have_);
  for (; rest.size() >= Credit::encoded_bytes; rest = rest.subspan(Credit::encoded_bytes)) {
    CP_TRY_ASSIGN(const Credit credit, decode_credit(rest.first<Credit::encoded_bytes>()));
    if (credit.consumed < placed_ || credit.consumed > sent_) {
      return fail(Errc::protocol, "a credit for what was not sent");
    }
    placed_ = credit.consumed;
  }
  std::ranges::copy(rest, credits_.begin());
  have_ = rest.size();
  return {};
}

StreamChunkReceiver::StreamChunkReceiver(std::unique_ptr<net::Stream> stream)
    : stream_(std::move(stream)), payload_(limits::chunk_bytes) {}

Result<std::optional<ReceivedChunk>> StreamChunkReceiver::next() {
  std::array<std::byte, ChunkHeader::encoded_bytes> bytes;
  const auto have = stream_->receive_all(bytes);
  if (have && *have == 0) {
    return std::nullopt;
  }
  if (!have || *have != bytes.size()) {
    return cut();
  }
  CP_TRY_ASSIGN(const ChunkHeader header, decode_chunk_header(bytes));
  if (header.sequence != sequence_ + 1) {
    return fail(Errc::protocol, "a chunk out of its turn");
  }
  const auto payload = std::span(payload_).first(header.length);
  const auto got = stream_->receive_all(payload);
  if (!got || *got != payload.size()) {
    return cut();
  }
  sequence_ = header.sequence;
  return ReceivedChunk{header, payload};
}

Result<void> StreamChunkReceiver::placed() {
  std::array<std::byte, Credit::encoded_bytes> bytes;
  encode(Credit{sequence_}, bytes);
  if (!stream_->send(bytes)) {
    return cut();
  }
  return {};
}

}  // namespace cp::transfer
