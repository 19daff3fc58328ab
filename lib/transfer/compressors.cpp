// SPDX-License-Identifier: Apache-2.0
#include "transfer/compressors.hpp"

#include "transfer/limits.hpp"

#include <algorithm>
#include <tuple>

namespace cp::transfer {
namespace {

constexpr std::size_t kLeftIdle = 2;

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

std::size_t Compressors::bytes() const {
  const std::scoped_lock lock(mutex_);
  return lent_bytes_ + idle_bytes_;
}

std::size_t Compressors::waiting() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(last_ticket_ - served_);
}

Compressors::Lease Compressors::lend(int level) {
  const std::size_t wanted = memory_at(level);
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = last_ticket_++;
  free_.wait(lock, [&] {
    return ticket == served_ &&
           (lent_bytes_ == 0 || lent_bytes_ + wanted <= limits::compressing_bytes);
  });
  ++served_;
  Grown grown = take_idle(wanted);
  lent_bytes_ += grown.bytes;
  trim();
  free_.notify_all();
  lock.unlock();
  if (!grown.one) {
    grown.one = std::make_unique<ZstdCompressor>();
  }
  return {*this, std::move(grown)};
}

// The smallest that has grown to BYTES already; else one that will grow, or a new one.
Compressors::Grown Compressors::take_idle(std::size_t bytes) {
  const auto is_too_much = [&](const Grown& one) {
    return lent_bytes_ != 0 && lent_bytes_ + one.bytes > limits::compressing_bytes;
  };
  const auto best = std::ranges::min_element(idle_, {}, [&](const Grown& one) {
    return std::tuple(is_too_much(one), one.bytes < bytes, one.bytes);
  });
  if (best == idle_.end() || is_too_much(*best)) {
    return {nullptr, bytes};
  }
  Grown grown = std::move(*best);
  idle_bytes_ -= grown.bytes;
  idle_.erase(best);
  grown.bytes = std::max(grown.bytes, bytes);
  return grown;
}

// The ones that came back first go first; of many that nobody needs two are left.
void Compressors::trim() {
  const auto is_much = [this] {
    return lent_bytes_ + idle_bytes_ > limits::compressing_bytes ||
           (lent_bytes_ == 0 && idle_.size() > kLeftIdle);
  };
  while (!idle_.empty() && is_much()) {
    idle_bytes_ -= idle_.front().bytes;
    idle_.erase(idle_.begin());
  }
}

void Compressors::take_back(Grown grown) {
  const std::scoped_lock lock(mutex_);
  lent_bytes_ -= grown.bytes;
  idle_bytes_ += grown.bytes;
  idle_.push_back(std::move(grown));
  trim();
  free_.notify_all();
}

}  // namespace cp::transfer
