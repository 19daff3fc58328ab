// SPDX-License-Identifier: Apache-2.0
#include "probe/distribution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cp::probe {
namespace {

// Values below 2^8 have a bucket each; above, every power of two is cut into 2^7 buckets.
constexpr unsigned kSubBits = 7;
constexpr std::size_t kSub = std::size_t{1} << kSubBits;
constexpr std::size_t kBuckets = (63 - kSubBits) * kSub + kSub;

}  // namespace

Distribution::Distribution(std::size_t expected) { samples_.reserve(std::min(expected, kExact)); }

void Distribution::add(Nanoseconds duration) {
  const std::int64_t value = std::max<std::int64_t>(duration.count(), 0);
  least_ = count_ == 0 ? value : std::min(least_, value);
  greatest_ = std::max(greatest_, value);
  ++count_;
  const double distance = static_cast<double>(value) - mean_;
  mean_ += distance / static_cast<double>(count_);
  squares_ += distance * (static_cast<double>(value) - mean_);
  if (is_exact() && samples_.size() == kExact) {
    spill();
  }
  if (is_exact()) {
    samples_.push_back(value);
  } else {
    ++buckets_[bucket_of(value)];
  }
}

void Distribution::spill() {
  buckets_.resize(kBuckets);
  for (const std::int64_t value : samples_) {
    ++buckets_[bucket_of(value)];
  }
  samples_ = {};
}

std::size_t Distribution::bucket_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (bits < 2 * kSub) {
    return bits;
  }
  const auto shift = static_cast<unsigned>(std::bit_width(bits)) - kSubBits - 1;
  return shift * kSub + (bits >> shift);
}

std::int64_t Distribution::middle_of(std::size_t bucket) {
  if (bucket < 2 * kSub) {
    return static_cast<std::int64_t>(bucket);
  }
  const std::size_t shift = bucket / kSub - 1;
  const std::uint64_t low = (bucket - shift * kSub) << shift;
  return static_cast<std::int64_t>(low + (std::uint64_t{1} << shift) / 2);
}

Distribution::Nanoseconds Distribution::mean() const { return Nanoseconds(std::llround(mean_)); }

std::optional<Distribution::Nanoseconds> Distribution::deviation() const {
  if (count_ < 2) {
    return std::nullopt;
  }
  return Nanoseconds(std::llround(std::sqrt(squares_ / static_cast<double>(count_ - 1))));
}

Distribution::Quantiles::Quantiles(const Distribution& distribution)
    : distribution_(distribution), sorted_(distribution.samples_) {
  std::ranges::sort(sorted_);
}

std::optional<Distribution::Nanoseconds> Distribution::Quantiles::at(unsigned permille) const {
  const std::uint64_t n = distribution_.count_;
  const std::uint64_t tail = std::min(permille, 1000 - permille);
  if (permille > 1000 || n * tail < 1000) {
    return std::nullopt;
  }
  return of_rank((n * permille + 999) / 1000);
}

std::optional<std::pair<Distribution::Nanoseconds, Distribution::Nanoseconds>>
Distribution::Quantiles::median_interval() const {
  const auto n = static_cast<double>(distribution_.count_);
  if (distribution_.count_ < 10) {
    return std::nullopt;
  }
  const double half = 0.98 * std::sqrt(n);  // 1.96 × sqrt(n × 1/2 × 1/2)
  const auto low = static_cast<std::uint64_t>(std::floor(n / 2 - half));
  const auto high = static_cast<std::uint64_t>(std::ceil(n / 2 + half)) + 1;
  return std::pair(of_rank(std::max<std::uint64_t>(low, 1)),
                   of_rank(std::min(high, distribution_.count_)));
}

// The RANK-th smallest sample, from 1 on.
Distribution::Nanoseconds Distribution::Quantiles::of_rank(std::uint64_t rank) const {
  if (distribution_.is_exact()) {
    return Nanoseconds(sorted_[rank - 1]);
  }
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (below += distribution_.buckets_[bucket]) < rank) {
    ++bucket;
  }
  return Nanoseconds(std::clamp(middle_of(bucket), distribution_.least_, distribution_.greatest_));
}

}  // namespace cp::probe
