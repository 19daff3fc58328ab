// SPDX-License-Identifier: Apache-2.0
#include "transfer/held_key.hpp"

#include <algorithm>

namespace cp::transfer {

HeldKey::Answer HeldKey::judge(bool is_waited_for, SteadyTime now, const LastHeard& heard) {
  if (!is_waited_for) {
    since_.reset();
    return Answer::wait;
  }
  since_ = since_.value_or(now);
  if (heard.word - *since_ >= word_of_life) {
    since_.reset();
    return Answer::goes_on;
  }
  return now - std::max(*since_, heard.listen) >= patience ? Answer::lets_go : Answer::wait;
}

}  // namespace cp::transfer
