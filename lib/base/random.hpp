// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace cp {

/// Where random bytes come from; tests hand in a fixed one. Safe on any thread.
class Random {
 public:
  virtual ~Random() = default;
  /// Fills OUT with bytes that nobody can guess.
  virtual void fill(std::span<std::byte> out) = 0;
};

/// getrandom(2). Aborts where the kernel has none: no key is made from anything weaker.
class KernelRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

/// A ULID: 26 characters of Crockford's base 32, 48 bits of milliseconds and 80 random ones, so
/// that names sort by the time they were made (github.com/ulid/spec).
std::string make_ulid(UnixTime now, Random& random);

}  // namespace cp
