// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/outcome.hpp"

#include <string>
#include <vector>

namespace cp::probe {

/// Whether a session's figures tell of the path at all, so that a busy host or a silent peer is
/// never reported as a bad network.
struct Verdict {
  bool is_valid = true;
  /// Why not, gravest first: `refused` (the peer's host says that nobody listens), `cannot_send`
  /// (the system took no packet), `no_answer`, `too_few_replies` (fewer than 5 to as many packets
  /// or more), `host_overload` (more than 1 % of the slots missed), `clock_stepped` (the wall clock
  /// was set and spoiled more than 1 % of the samples' parts).
  std::vector<std::string> reasons;
  /// `high`: 100 answers and more, no slot missed, and the median is known to within 10 % either
  /// way with 95 % confidence; `low`: fewer than 20 answers, or not valid; else `medium`.
  std::string confidence;
};

Verdict judge(const Outcome& outcome);

}  // namespace cp::probe
