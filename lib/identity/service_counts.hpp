// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cp::identity {

/// What a registry is asked for, as its metrics have it.
enum class Route : std::uint8_t {
  bootstrap,
  chain,
  id,
  alias,
  known,
  state,
  search,
  feed,
  dump,
  metrics,
  page,
  other
};
inline constexpr std::size_t kRoutes = 12;
inline constexpr std::array<std::string_view, kRoutes> kRouteNames{
    "bootstrap", "chain", "id",   "alias",   "known", "state",
    "search",    "feed",  "dump", "metrics", "page",  "other"};

/// How many requests were answered, by route and the first digit of the status. Safe on any thread.
struct ServiceCounts {
  std::array<std::array<std::atomic<std::int64_t>, 6>, kRoutes> requests{};

  void add(Route route, int status) {
    ++requests[static_cast<std::size_t>(route)][static_cast<std::size_t>(status / 100) % 6];
  }
};

}  // namespace cp::identity
