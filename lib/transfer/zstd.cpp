// SPDX-License-Identifier: Apache-2.0
#include "transfer/zstd.hpp"

#include "transfer/limits.hpp"

#include <zstd.h>

#include <algorithm>

namespace cp::transfer {

void FreeZstd::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void FreeZstd::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

std::span<const std::byte> ZstdCompressor::compress(std::span<const std::byte> plain, int level,
                                                    std::size_t most) {
  if (!context_) {
    context_.reset(ZSTD_createCCtx());
    room_.resize(limits::chunk_bytes);
  }
  if (!context_) {
    return {};
  }
  // zstd gives up as soon as there is no room, which is what makes a chunk that does not shrink
  // cheap.
  const std::size_t size =
      ZSTD_compressCCtx(context_.get(), room_.data(), std::min(most, room_.size()), plain.data(),
                        plain.size(), std::clamp(level, zstd_least_level, zstd_most_level));
  return ZSTD_isError(size) != 0 ? std::span<const std::byte>() : std::span(room_).first(size);
}

Result<std::span<const std::byte>> ZstdExpander::expand(std::span<const std::byte> frame,
                                                        std::size_t length) {
  // What it claims is looked at before a byte of it is followed.
  if (length == 0 || length > limits::chunk_bytes ||
      ZSTD_getFrameContentSize(frame.data(), frame.size()) != length ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return fail(Errc::protocol, "a compressed chunk that does not hold what it says");
  }
  if (!context_) {
    context_.reset(ZSTD_createDCtx());
    room_.resize(limits::chunk_bytes);
  }
  if (!context_) {
    return fail(Errc::io, "no memory to decompress in");
  }
  const std::size_t size =
      ZSTD_decompressDCtx(context_.get(), room_.data(), length, frame.data(), frame.size());
  if (size != length) {
    return fail(Errc::protocol, "a compressed chunk that does not open");
  }
  return std::span<const std::byte>(room_).first(length);
}

}  // namespace cp::transfer
