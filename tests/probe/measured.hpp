// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/measurement.hpp"

#include <chrono>
#include <string>

namespace cp::test {

/// A measurement of 100 packets, ANSWERED of them after ROUND_TRIP.
inline probe::Measurement measured(const std::string& target, std::chrono::nanoseconds round_trip,
                                   std::uint64_t answered = 100) {
  probe::Outcome outcome(100);
  outcome.planned = outcome.sent = 100;
  outcome.received = answered;
  outcome.lost = 100 - answered;
  for (std::uint64_t i = 0; i < answered; ++i) {
    outcome.rtt.add(round_trip);
  }
  auto verdict = probe::judge(outcome);
  auto score = verdict.is_valid ? probe::score_of(outcome) : std::nullopt;
  return {"m-01M81611JGCB36MYJXTW632HK1",
          target,
          {},
          std::nullopt,
          {},
          std::nullopt,
          std::move(outcome),
          std::move(verdict),
          std::move(score)};
}

}  // namespace cp::test
