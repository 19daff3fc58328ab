// SPDX-License-Identifier: Apache-2.0
#include "probe/clock_state.hpp"

#include <sys/timex.h>

namespace cp::probe {

std::optional<ClockState> read_clock_state() {
  timex state{};
  const int status = ::adjtimex(&state);
  if (status < 0) {
    return std::nullopt;
  }
  return ClockState{status != TIME_ERROR && (state.status & STA_UNSYNC) == 0,
                    std::chrono::microseconds(state.maxerror),
                    std::chrono::microseconds(state.esterror)};
}

stamp::ErrorEstimate to_error_estimate(const std::optional<ClockState>& state) {
  if (!state) {
    return {false, stamp::Format::ntp, 63, 255};
  }
  return stamp::ErrorEstimate::of(state->greatest_error, state->is_synchronised,
                                  stamp::Format::ntp);
}

}  // namespace cp::probe
