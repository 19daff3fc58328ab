// SPDX-License-Identifier: Apache-2.0
#include "transfer/squeezer.hpp"

#include <algorithm>
#include <chrono>

namespace cp::transfer {
namespace {

// What shrinks by less is not worth being opened again.
constexpr std::uint32_t kLeastGain = 32;

constexpr std::size_t kTrialBytes = std::size_t{64} << 10U;
constexpr int kTrialLevel = 1;
// A trial takes a hundredth of a chunk's time on a fast line, and files change within.
constexpr int kChunksPerTrial = 32;
constexpr int kPacksPerTrial = 4;

std::size_t most_for(std::size_t length) { return length - length / kLeastGain - 1; }

// From the middle: the beginning of a file may be of another kind than the rest.
std::span<const std::byte> trial_part(std::span<const std::byte> payload) {
  const std::size_t size = std::min(payload.size(), kTrialBytes);
  return payload.subspan((payload.size() - size) / 2, size);
}

template <class Call>
std::chrono::nanoseconds time_of(Call call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::steady_clock::now() - start;
}

}  // namespace

bool Squeezer::try_part(std::span<const std::byte> payload) {
  const auto part = trial_part(payload);
  std::size_t size = 0;
  const auto took = time_of([&] {
    const auto compressor = compressors_.lend(kTrialLevel);
    size = compressor->compress(part, kTrialLevel, most_for(part.size())).size();
  });
  levels_.learn(kTrialLevel, part.size(), size == 0 ? part.size() : size, took);
  return size != 0;
}

bool Squeezer::shrinks(const ChunkHeader& header, std::span<const std::byte> payload) {
  Verdict& verdict = header.is_pack ? packs_ : file_;
  const std::uint64_t id = header.is_pack ? 0 : header.id;
  if (verdict.id != id || verdict.chunks_left == 0) {
    verdict = {id, try_part(payload), header.is_pack ? kPacksPerTrial : kChunksPerTrial};
  }
  --verdict.chunks_left;
  return verdict.shrinks;
}

ChunkHeader Squeezer::squeeze_at(int level, ChunkHeader header, std::span<std::byte> slot) {
  const auto plain = slot.first(header.length);
  const auto took = time_of([&] {
    const auto compressor = compressors_.lend(level);
    const auto frame = compressor->compress(plain, level, most_for(plain.size()));
    std::ranges::copy(frame, slot.begin());
    header.compressed = static_cast<std::uint32_t>(frame.size());
  });
  levels_.learn(level, header.length, header.on_wire(), took);
  return header;
}

ChunkHeader Squeezer::squeeze(ChunkHeader header, std::span<std::byte> slot) {
  if (compression_.mode == Compression::Mode::fixed) {
    return squeeze_at(compression_.level, header, slot);
  }
  const int level = levels_.level();
  if (!compression_.is_wanted() || (level == 0 && !levels_.wants_trials()) ||
      !shrinks(header, slot.first(header.length)) || level == 0) {
    return header;
  }
  return squeeze_at(level, header, slot);
}

}  // namespace cp::transfer
