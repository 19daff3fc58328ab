// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "transfer/compressors.hpp"
#include "transfer/confined.hpp"
#include "transfer/control.hpp"
#include "transfer/grants.hpp"
#include "transfer/rail_desk.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace cp::transfer {

/// What one session of a server borrows from it.
struct ServerSessionParts {
  Control& control;
  const Confined* root = nullptr;  ///< nothing leads out of it; nullptr: the user's own paths count
  RailDesk& desk;
  std::string host;          ///< the address of ours that the client reached; "" if nobody knows
  std::string door;          ///< where streams of ssh come in; "" where none do
  std::string binding = {};  ///< of the connection (SessionSecret)
  /// Says what clients' tokens are worth; chunks are sealed then. nullptr: nobody needs one.
  const JudgeToken* judge_token = nullptr;
  Spending* spending = nullptr;  ///< with judge_token
  fabric::Loader& fabrics;
  Random& random;
  std::chrono::nanoseconds silence{};
  std::string archive;  ///< where journals of finished transfers are kept; empty: nowhere
  Compressors* compressors = nullptr;  ///< of all sessions; nullptr: this one has its own
};

/// Serves one client from its hello to the end, and returns one line about it. The client is told
/// what went wrong.
std::string run_server_session(const ServerSessionParts& parts, std::stop_token stop);

}  // namespace cp::transfer
