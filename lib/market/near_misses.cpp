// SPDX-License-Identifier: Apache-2.0
#include "market/near_misses.hpp"

#include <algorithm>
#include <tuple>

namespace cp::market {
namespace {

constexpr std::size_t kMostSets = 4096;

bool is_nearer(const NearMiss& a, const NearMiss& b) {
  return std::tie(a.distance, a.row) < std::tie(b.distance, b.row);
}

// Whether whoever goes as far as FAR has passed NEAR.
bool is_on_the_way(const NearMiss& near, const NearMiss& far) {
  const std::uint64_t clauses = near.no | near.unknown;
  if ((clauses & ~(far.no | far.unknown)) != 0) {
    return false;
  }
  for (std::size_t i = 0; i < near.distances.size(); ++i) {
    if (near.distances[i] > far.distances[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool NearMisses::would_take(std::uint64_t no, std::uint64_t unknown, double distance) const {
  const auto known = kept_.find({no, unknown});
  return known == kept_.end() || distance < known->second.distance;
}

void NearMisses::take(NearMiss miss) {
  if (!would_take(miss.no, miss.unknown, miss.distance)) {
    return;
  }
  kept_.insert_or_assign(Key{miss.no, miss.unknown}, std::move(miss));
  if (kept_.size() > kMostSets) {
    forget_the_farthest();
  }
}

// Half of them: that is done so seldom that it costs nothing.
void NearMisses::forget_the_farthest() {
  std::vector<double> distances;
  for (const auto& [key, miss] : kept_) {
    distances.push_back(miss.distance);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  std::size_t left = kept_.size() / 2;
  for (auto at = kept_.begin(); at != kept_.end() && left > 0;) {
    const bool is_far = at->second.distance >= *middle;
    left -= is_far ? 1 : 0;
    at = is_far ? kept_.erase(at) : std::next(at);
  }
}

std::vector<NearMiss> NearMisses::nearest(std::size_t most) const {
  std::vector<const NearMiss*> all;
  for (const auto& [key, miss] : kept_) {
    all.push_back(&miss);
  }
  std::ranges::sort(all, [](const NearMiss* a, const NearMiss* b) { return is_nearer(*a, *b); });
  std::vector<NearMiss> chosen;
  for (const NearMiss* miss : all) {
    const bool is_passed = std::ranges::any_of(
        chosen, [&](const NearMiss& nearer) { return is_on_the_way(nearer, *miss); });
    if (!is_passed) {
      chosen.push_back(*miss);
    }
    if (chosen.size() == most) {
      break;
    }
  }
  return chosen;
}

}  // namespace cp::market
