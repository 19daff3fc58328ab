// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"
#include "transfer/deputy_message.hpp"
#include "transfer/link.hpp"
#include "transfer/relay_guard.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace cp::transfer {

/// The talk of a deputy's client with the server on the other host, as it goes through the one who
/// has ordered the transfer. Data never goes this way.
class RelayTalk {
 public:
  /// Carries what comes from STREAM, made by LINK, to DEPUTY, the connection with the deputy, on a
  /// thread of its own. Borrows LINK and DEPUTY. What goes the other way is held to WISH.
  RelayTalk(Link& link, std::unique_ptr<net::Stream> stream, Control& deputy, Open wish);
  ~RelayTalk();
  RelayTalk(const RelayTalk&) = delete;
  RelayTalk& operator=(const RelayTalk&) = delete;

  /// Hands on what the deputy's client says; nobody minds that the other host has ended. protocol
  /// when it says what was not ordered.
  Result<void> carry_up(const Relayed& relayed);
  /// Ends the connection with the other host. On any thread.
  void shutdown() { stream_->shutdown(); }

 private:
  void carry_down();

  Link& link_;
  std::unique_ptr<net::Stream> stream_;
  Control& deputy_;
  RelayGuard guard_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace cp::transfer
