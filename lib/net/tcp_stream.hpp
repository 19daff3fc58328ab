// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/address.hpp"
#include "net/stream.hpp"

#include <stop_token>

namespace cp::net {

/// A TCP connection.
class TcpStream final : public Stream {
 public:
  /// Connects to PEER. unavailable when nobody listens there, timed_out after TIMEOUT or on STOP.
  static Result<TcpStream> connect(const Endpoint& peer, std::chrono::nanoseconds timeout,
                                   const std::stop_token& stop);
  /// Takes over the connected socket FD. Small messages leave at once (TCP_NODELAY); a connection
  /// within this machine does without congestion control.
  static Result<TcpStream> adopt(UniqueFd fd);

  Endpoint peer() const { return peer_; }
  /// The address that this end has.
  Result<Endpoint> local() const;

  /// The next byte, which stays to be received; nullopt at the end. timed_out at DEADLINE.
  Result<std::optional<std::byte>> peek(SteadyTime deadline) const;

  int fd() const override { return fd_.get(); }
  bool is_writable() const override;
  Result<void> set_patience(std::chrono::nanoseconds patience) override;
  using Stream::send;
  Result<void> send(std::span<const std::byte> first, std::span<const std::byte> second) override;
  Result<std::size_t> receive(std::span<std::byte> out) override;
  Result<std::optional<std::size_t>> receive_now(std::span<std::byte> out) override;
  Result<void> wait(SteadyTime deadline) const override;
  void end() override;
  void shutdown() override;

 private:
  TcpStream(UniqueFd fd, const Endpoint& peer) : fd_(std::move(fd)), peer_(peer) {}

  UniqueFd fd_;
  Endpoint peer_;
};

}  // namespace cp::net
