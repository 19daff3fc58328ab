// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/random.hpp"
#include "net/stop_fd.hpp"
#include "transfer/rail_desk.hpp"

#include <list>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace cp::transfer {

/// Where the streams of a session come in that other processes of this user hold, as those that ssh
/// started for its other connections: they hand their standard input and output over a socket with
/// a name that nobody can guess, and both sides check that the other is of the same user. The name
/// is in the kernel's own space (unix(7), "abstract"), so nothing is left behind.
class RailDoor {
 public:
  /// Borrows DESK, where what comes in is delivered.
  static Result<std::unique_ptr<RailDoor>> open(RailDesk& desk, Random& random);
  ~RailDoor();
  /// What `open` made; use that.
  RailDoor(RailDesk& desk, UniqueFd listener, std::string name);
  RailDoor(const RailDoor&) = delete;
  RailDoor& operator=(const RailDoor&) = delete;

  /// limits::token_bytes bytes.
  const std::string& name() const { return name_; }

 private:
  void listen(const std::stop_token& stop);
  void take_in(UniqueFd visitor);

  RailDesk& desk_;
  UniqueFd listener_;
  std::string name_;
  std::jthread thread_;
};

/// Hands IN and OUT to the session behind the door NAME as the stream that CLAIM is for, and
/// returns when that session has done with them. not_found when there is no such door on this host,
/// denied.
Result<void> hand_over(const std::string& name, const std::string& claim, UniqueFd in,
                       UniqueFd out);

/// A stream of this process to the session behind the door NAME, as the one that CLAIM is for: its
/// preface and the session's answer come next. not_found when there is no such door on this host,
/// denied when it is another user's.
Result<std::unique_ptr<net::Stream>> enter(const std::string& name, const std::string& claim);

/// Whether the door NAME is on this host, and of this user: proof that both ends are one.
bool is_here(const std::string& name);

}  // namespace cp::transfer
