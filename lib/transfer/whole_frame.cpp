// SPDX-License-Identifier: Apache-2.0
#include "transfer/whole_frame.hpp"

#include <algorithm>
#include <cstring>

namespace cp::transfer {

std::span<const std::byte> FrameWriter::write(const ChunkHeader& header,
                                              std::span<std::byte> slot) {
  const auto head = slot.first<ChunkHeader::encoded_bytes>();
  if (sealer_) {
    sealer_->seal(header, head, slot.subspan(head.size(), header.on_wire()));
  } else {
    encode(header, head);
  }
  return slot.first(head.size() + header.on_wire());
}

std::span<const std::byte> FrameWriter::write(const Credit& credit,
                                              std::span<std::byte, sealed_credit_bytes> out) {
  if (sealer_) {
    sealer_->seal(credit, out);
    return out;
  }
  encode(credit, out.first<Credit::encoded_bytes>());
  return out.first<Credit::encoded_bytes>();
}

FrameReader::FrameReader(std::string_view key, FrameHome home)
    : opener_(keyed<FrameOpener>(key)),
      home_(home),
      private_(opener_ || home == FrameHome::shared ? limits::chunk_bytes : 0) {}

Result<ReceivedChunk> FrameReader::read(std::span<const std::byte> frame) {
  if (frame.size() < head_.size()) {
    return fail(Errc::protocol, "no chunk where one belongs");
  }
  // What was looked at may not be another when it is used.
  std::ranges::copy(frame.first(head_.size()), head_.begin());
  const auto payload = frame.subspan(head_.size());
  CP_TRY_ASSIGN(const ReceivedChunk chunk, opener_ ? read_sealed(payload) : read_clear(payload));
  sequence_ = chunk.header.sequence;
  return chunk;
}

Result<ReceivedChunk> FrameReader::read_sealed(std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const ChunkHeader header, opener_->open(sequence_ + 1, head_, payload, private_));
  return ReceivedChunk{header, std::span(private_).first(header.on_wire())};
}

Result<ReceivedChunk> FrameReader::read_clear(std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const ChunkHeader header, decode_chunk_header(head_));
  if (payload.size() != header.on_wire()) {
    return fail(Errc::protocol, "a chunk of another length than it says");
  }
  if (header.sequence != sequence_ + 1) {
    return fail(Errc::protocol, "a chunk out of its turn");
  }
  if (home_ == FrameHome::own) {
    return ReceivedChunk{header, payload};
  }
  // What std::ranges::copy makes of bytes here is a loop, a fifth as fast.
  std::memcpy(private_.data(), payload.data(), payload.size());
  return ReceivedChunk{header, std::span(private_).first(payload.size())};
}

Result<void> CreditReader::take(std::span<const std::byte> bytes, std::uint64_t sent) {
  CP_TRY_ASSIGN(const Credit credit, opener_ ? opener_->open(bytes.first<sealed_credit_bytes>())
                                             : decode_credit(bytes.first<Credit::encoded_bytes>()));
  if (credit.consumed <= placed_ || credit.consumed > sent) {
    return fail(Errc::protocol, "a credit for what was not sent, or a second time");
  }
  placed_ = credit.consumed;
  return {};
}

}  // namespace cp::transfer
