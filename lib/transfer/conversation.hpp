// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "transfer/control.hpp"
#include "transfer/held_key.hpp"
#include "transfer/wake.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace cp::transfer {

/// One end's side of a session's control connection: waits for messages, wakes and time at once,
/// knows when the peer has been silent for too long, and says something itself now and then. For
/// one thread.
class Conversation {
 public:
  /// Borrows CONTROL and WAKE. A peer that says nothing for SILENCE is gone.
  Conversation(Control& control, const Wake& wake, std::chrono::nanoseconds silence);

  /// Waits until a message, a wake or the next tick (a tenth of a second), and takes in what came.
  /// timed_out when the peer is silent or gone.
  Result<void> wait();
  /// As `wait`, but takes nothing in: there is no room for more. The peer does not count as silent.
  void rest();
  /// The next message that came; a SessionError is returned as its error.
  Result<std::optional<Message>> next();
  /// When the peer last said something.
  LastHeard heard() const { return {word_, heard_}; }
  /// Whether it is time to say something.
  bool should_speak();

 private:
  Control& control_;
  const Wake& wake_;
  std::chrono::nanoseconds silence_;
  SteadyTime word_;
  SteadyTime heard_;  ///< or that we could not listen
  SteadyTime spoken_{};
};

}  // namespace cp::transfer
