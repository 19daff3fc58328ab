// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace cp::transfer {

/// How many cores of this machine had nothing to do. For one thread at a time.
class IdleCores {
 public:
  explicit IdleCores(SteadyTime now);
  /// On average since the call before; 0 where the system does not tell.
  double since_last(SteadyTime now);

 private:
  std::uint64_t ticks_ = 0;
  SteadyTime at_;
};

}  // namespace cp::transfer
