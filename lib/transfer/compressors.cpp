// SPDX-License-Identifier: Apache-2.0
#include "transfer/compressors.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// What zstd 1.5.4 took for chunks of a mebibyte, with the room for the frame: 2.3 MiB at level 1,
// 14 at 9, 18 at 19.
std::size_t memory_at(int level) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  return level <= 3 ? 5 * mebibyte : level <= 12 ? 16 * mebibyte : 20 * mebibyte;
}

}  // namespace

std::size_t Compressors::most(int level) {
  return std::max<std::size_t>(1, limits::compressing_bytes / memory_at(level));
}

Compressors::Lease Compressors::lend(int level) {
  std::unique_lock lock(mutex_);
  free_.wait(lock, [&] { return lent_ < most(level); });
  ++lent_;
  if (idle_.empty()) {
    return {*this, std::make_unique<ZstdCompressor>()};
  }
  auto one = std::move(idle_.back());
  idle_.pop_back();
  return {*this, std::move(one)};
}

void Compressors::take_back(std::unique_ptr<ZstdCompressor> one) {
  const std::scoped_lock lock(mutex_);
  --lent_;
  idle_.push_back(std::move(one));
  free_.notify_all();
}

}  // namespace cp::transfer
