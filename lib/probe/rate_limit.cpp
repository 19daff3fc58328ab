// SPDX-License-Identifier: Apache-2.0
#include "probe/rate_limit.hpp"

#include <algorithm>

namespace cp::probe {
namespace {

constexpr double kBurstSeconds = 0.1;
constexpr double kLargestDatagram = 65'535;

net::IpAddress key_of(net::IpAddress source) {
  if (source.family == net::Family::ipv6) {
    std::fill(source.bytes.begin() + 8, source.bytes.end(), std::uint8_t{0});
  }
  return source;
}

}  // namespace

bool TokenBucket::take(const Rate& rate, std::size_t bytes, SteadyTime now) {
  const double most_packets = std::max(rate.packets_per_s * kBurstSeconds, 1.0);
  const double most_bytes = std::max(rate.bytes_per_s * kBurstSeconds, kLargestDatagram);
  if (filled_ == SteadyTime::min()) {
    packets_ = most_packets;
    bytes_ = most_bytes;
  } else {
    const double elapsed = std::chrono::duration<double>(now - filled_).count();
    packets_ = std::min(most_packets, packets_ + elapsed * rate.packets_per_s);
    bytes_ = std::min(most_bytes, bytes_ + elapsed * rate.bytes_per_s);
  }
  filled_ = now;
  const auto size = static_cast<double>(bytes);
  if (packets_ < 1 || bytes_ < size) {
    return false;
  }
  packets_ -= 1;
  bytes_ -= size;
  return true;
}

SourceLimiter::SourceLimiter(std::uint64_t seed) : seed_(seed), sets_(kSets) {}

bool SourceLimiter::take(const net::IpAddress& source, const Rate& rate, std::size_t bytes,
                         SteadyTime now) {
  Entry& entry = entry_of(key_of(source));
  entry.seen = now;
  return entry.bucket.take(rate, bytes, now);
}

SourceLimiter::Entry& SourceLimiter::entry_of(const net::IpAddress& source) {
  std::uint64_t hash = seed_;
  for (const std::uint8_t byte : source.bytes) {
    hash = (hash ^ byte) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29U;
  }
  Set& set = sets_[hash % kSets];
  const auto same = [&](const Entry& e) { return e.is_used && e.source == source; };
  if (auto* const found = std::ranges::find_if(set, same); found != set.end()) {
    return *found;
  }
  // One that was never used was seen at the beginning of time.
  Entry& entry = *std::ranges::min_element(set, {}, &Entry::seen);
  entry = Entry{source, true, {}, {}};
  return entry;
}

}  // namespace cp::probe
