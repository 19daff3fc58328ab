// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"

#include <cstddef>
#include <span>

/// Random bytes that count up, the same in each run of a test.
class CountingRandom final : public cp::Random {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) {
      byte = static_cast<std::byte>(++count_);
    }
  }

 private:
  unsigned char count_ = 0;
};
