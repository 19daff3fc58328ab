// SPDX-License-Identifier: Apache-2.0
#include "identity/standing.hpp"

#include <algorithm>
#include <array>

namespace cp::identity {
namespace {

struct Word {
  std::string_view reason;
  Standing standing;
};

// Every other word of the judge is a lie.
constexpr std::array kWords{
    Word{"expired", Standing::lapsed},
    Word{"key_expired", Standing::lapsed},
    Word{"delegation_expired", Standing::lapsed},
    Word{"revoked", Standing::lapsed},
    Word{"replay", Standing::lapsed},
    Word{"may_not_delegate", Standing::lapsed},  // the leave, or the depth, was given before
    Word{"too_long", Standing::lapsed},          // older releases took it
    Word{"unknown_key", Standing::disowned},
    Word{"no_anchor", Standing::unjudged},
    Word{"no_delegation", Standing::unjudged},
    Word{"not_yet_valid", Standing::unjudged},
    Word{"other_owner", Standing::unjudged},
};

}  // namespace

Standing standing_of(std::string_view schema, const Verdict& verdict) {
  if (verdict.holds()) {
    return Standing::holds;
  }
  const auto word = std::ranges::find(kWords, verdict.reason, &Word::reason);
  if (word == kWords.end()) {
    return Standing::lie;
  }
  // An older document is one that somebody has newer; an older head is a ledger that went back, and
  // a head is made anew with each key.
  const bool is_head = schema == "cp.head/1";
  return is_head && (word->reason == "replay" || word->standing == Standing::disowned)
             ? Standing::lie
             : word->standing;
}

Standing standing_of_kept(const Verdict& verdict) {
  const Standing standing = standing_of("cp.resource/1", verdict);
  return standing == Standing::disowned || verdict.reason == "equivocation" ? Standing::lapsed
                                                                            : standing;
}

}  // namespace cp::identity
