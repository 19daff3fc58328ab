// SPDX-License-Identifier: Apache-2.0
#include "transfer/squeezer.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// What shrinks by less is not worth being opened again.
constexpr std::uint32_t kLeastGain = 32;

}  // namespace

ChunkHeader Squeezer::squeeze(ChunkHeader header, std::span<std::byte> slot) {
  if (!compression_.is_wanted()) {
    return header;
  }
  const auto frame = compressor_.compress(slot.first(header.length), compression_.level,
                                          header.length - header.length / kLeastGain - 1);
  std::ranges::copy(frame, slot.begin());
  header.compressed = static_cast<std::uint32_t>(frame.size());
  return header;
}

}  // namespace cp::transfer
