// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <optional>

namespace cp::transfer {

/// When a transfer last knew of whoever it is for.
struct LastHeard {
  SteadyTime word;    ///< that he said something
  SteadyTime listen;  ///< that he did, or could not be listened to
};

/// Decides what the transfer that holds a key does when another of the same key waits for it: it
/// goes on where whoever it is for still lives, lets go where he says nothing more, and until that
/// is known lets the other wait. Entirely passive; for one thread.
class HeldKey {
 public:
  enum class Answer { wait, goes_on, lets_go };

  /// The end of a dead client's words may come a second after it died, on a machine that is busy.
  static constexpr auto word_of_life = std::chrono::seconds(1);
  static constexpr auto patience = std::chrono::seconds(10);

  /// To be asked often.
  Answer judge(bool is_waited_for, SteadyTime now, const LastHeard& heard);

 private:
  std::optional<SteadyTime> since_;  ///< that another waits
};

}  // namespace cp::transfer
