// SPDX-License-Identifier: Apache-2.0
#include "identity/rate_limiter.hpp"

namespace cp::identity {
namespace {

// Names are tokens that hold and prefixes that were delegated, so that only those in here long ago
// have to give way.
constexpr std::size_t kMostNames = 100'000;

}  // namespace

std::optional<std::chrono::seconds> RateLimiter::use(const std::string& name, const Rate& rate,
                                                     double amount, UnixTime now) {
  const std::scoped_lock lock(mutex_);
  if (usages_.size() >= kMostNames) {
    std::erase_if(usages_,
                  [now](const auto& one) { return now - one.second.at > std::chrono::hours(24); });
  }
  Usage& usage = usages_[name];
  return usage.use(rate, amount, now) ? std::nullopt : std::optional(usage.wait(rate, amount));
}

}  // namespace cp::identity
