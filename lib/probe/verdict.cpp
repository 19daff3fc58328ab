// SPDX-License-Identifier: Apache-2.0
#include "probe/verdict.hpp"

#include <algorithm>

namespace cp::probe {
namespace {

constexpr std::uint64_t kFewestReplies = 5;
constexpr std::uint64_t kMediumReplies = 20;
constexpr std::uint64_t kHighReplies = 100;

bool is_more_than_a_hundredth(std::uint64_t part, std::uint64_t whole) {
  return part * 100 > whole;
}

std::vector<std::string> reasons_of(const Outcome& outcome) {
  std::vector<std::string> reasons;
  if (outcome.received == 0) {
    reasons.emplace_back(outcome.refused > 0 ? "refused"
                         : outcome.sent == 0 ? "cannot_send"
                                             : "no_answer");
  } else if (outcome.received < std::min(kFewestReplies, outcome.sent)) {
    reasons.emplace_back("too_few_replies");
  }
  if (is_more_than_a_hundredth(outcome.missed, outcome.planned)) {
    reasons.emplace_back("host_overload");
  }
  if (outcome.clock_steps > 0 && is_more_than_a_hundredth(outcome.wild, outcome.received)) {
    reasons.emplace_back("clock_stepped");
  }
  return reasons;
}

bool is_median_known(const Distribution& rtt) {
  const Distribution::Quantiles quantiles(rtt);
  const auto median = quantiles.at(500);
  const auto interval = quantiles.median_interval();
  return median && interval && (interval->second - interval->first) * 5 <= *median;
}

}  // namespace

Verdict judge(const Outcome& outcome) {
  Verdict verdict;
  verdict.reasons = reasons_of(outcome);
  verdict.is_valid = verdict.reasons.empty();
  if (!verdict.is_valid || outcome.received < kMediumReplies) {
    verdict.confidence = "low";
  } else if (outcome.received >= kHighReplies && outcome.missed == 0 &&
             is_median_known(outcome.rtt)) {
    verdict.confidence = "high";
  } else {
    verdict.confidence = "medium";
  }
  return verdict;
}

}  // namespace cp::probe
