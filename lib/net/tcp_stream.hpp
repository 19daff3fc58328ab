// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/time.hpp"
#include "net/address.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <stop_token>

namespace cp::net {

/// A TCP connection whose calls block. One thread may send while another receives; `shutdown` may
/// come from any. A peer that is gone is unavailable, a peer that is silent for too long timed_out.
class TcpStream {
 public:
  /// Connects to PEER. unavailable when nobody listens there, timed_out after TIMEOUT or on STOP.
  static Result<TcpStream> connect(const Endpoint& peer, std::chrono::nanoseconds timeout,
                                   const std::stop_token& stop);
  /// Takes over the connected socket FD. Small messages leave at once (TCP_NODELAY); a connection
  /// within this machine does without congestion control.
  static Result<TcpStream> adopt(UniqueFd fd);

  int fd() const { return fd_.get(); }
  Endpoint peer() const { return peer_; }
  /// The address that this end has.
  Result<Endpoint> local() const;

  /// How long a call waits for the peer before it is timed_out; 0 is for ever.
  Result<void> set_patience(std::chrono::nanoseconds patience);

  /// Sends all of FIRST and then all of SECOND.
  Result<void> send(std::span<const std::byte> first, std::span<const std::byte> second = {});
  /// At least one byte into OUT, or 0 when the peer has ended its side.
  Result<std::size_t> receive(std::span<std::byte> out);
  /// As `receive`, without waiting: nullopt when nothing is there.
  Result<std::optional<std::size_t>> receive_now(std::span<std::byte> out);
  /// All of OUT; less only when the peer has ended its side.
  Result<std::size_t> receive_all(std::span<std::byte> out);
  /// As `receive_all`, timed_out at DEADLINE, however steadily single bytes come.
  Result<std::size_t> receive_all(std::span<std::byte> out, SteadyTime deadline);
  /// Waits until there is something to receive, or the end; timed_out at DEADLINE.
  Result<void> wait(SteadyTime deadline) const;

  /// Ends this side: the peer reads what was sent, and then the end.
  void end();
  /// Ends both sides at once: calls that wait, on either end, return.
  void shutdown();

 private:
  TcpStream(UniqueFd fd, const Endpoint& peer) : fd_(std::move(fd)), peer_(peer) {}

  UniqueFd fd_;
  Endpoint peer_;
};

}  // namespace cp::net
