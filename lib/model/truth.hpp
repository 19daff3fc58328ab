// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace cp::model {

/// Kleene's three truth values in their order: `and` is the least of its sides, `or` the greatest.
enum class Truth : signed char { no = 0, unknown = 1, yes = 2 };

constexpr Truth truth_of(bool value) { return value ? Truth::yes : Truth::no; }
constexpr Truth both(Truth a, Truth b) { return std::min(a, b); }
constexpr Truth either(Truth a, Truth b) { return std::max(a, b); }
constexpr Truth opposite(Truth a) {
  return static_cast<Truth>(static_cast<int>(Truth::yes) - static_cast<int>(a));
}

}  // namespace cp::model
