// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/stamp.hpp"

#include <chrono>
#include <optional>

namespace cp::probe {

/// What the kernel knows of its wall clock (adjtimex(2)), as whoever disciplines it has told.
struct ClockState {
  bool is_synchronised = false;
  std::chrono::nanoseconds greatest_error{};   ///< maxerror
  std::chrono::nanoseconds estimated_error{};  ///< esterror
};

/// The state now; nullopt where the system does not tell.
std::optional<ClockState> read_clock_state();

/// STATE as STAMP says it; unsynchronised with an error as great as there can be when it is
/// unknown.
stamp::ErrorEstimate to_error_estimate(const std::optional<ClockState>& state);

}  // namespace cp::probe
