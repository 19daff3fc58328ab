// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/child_limits.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace cp::identity {

/// Who has used how much of what he may, in memory: a server that starts anew has forgotten. Safe
/// on any thread.
class RateLimiter {
 public:
  /// Uses AMOUNT of what NAME may by RATE; else says how long to wait.
  std::optional<std::chrono::seconds> use(const std::string& name, const Rate& rate, double amount,
                                          UnixTime now);

 private:
  std::mutex mutex_;
  std::map<std::string, Usage, std::less<>> usages_;
};

}  // namespace cp::identity
