// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/tcp_listener.hpp"
#include "transfer/rail_desk.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace cp::transfer {

/// Where the TCP streams of one session come in that was reached by other means: a port of its own,
/// while it lasts. Whoever connects proves the session within a few seconds.
class TcpDoor {
 public:
  /// Listens at ADDRESS, at the first free one of PORTS or at any; DESK is borrowed. unavailable.
  static Result<std::unique_ptr<TcpDoor>> open(const net::IpAddress& address,
                                               std::optional<PortRange> ports, RailDesk& desk);
  /// What `open` made; use that.
  TcpDoor(net::TcpListener listener, std::uint16_t port, RailDesk& desk);

  std::uint16_t port() const { return port_; }

 private:
  void listen(const std::stop_token& stop);

  net::TcpListener listener_;
  std::uint16_t port_;
  RailDesk& desk_;
  std::jthread thread_;
};

}  // namespace cp::transfer
