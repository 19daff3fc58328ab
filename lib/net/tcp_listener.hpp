// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stop_fd.hpp"
#include "net/tcp_stream.hpp"

namespace cp::net {

/// A socket that takes TCP connections. Not thread-safe.
class TcpListener {
 public:
  /// Listens on LOCAL; port 0 takes a free one. denied for a port that needs a privilege,
  /// unavailable when the address is in use or not of this host.
  static Result<TcpListener> bind(const Endpoint& local);

  /// Where it listens, with the port that it took.
  Result<Endpoint> local() const;

  /// The next connection; timed_out when STOP was asked. A connection that is gone before it was
  /// taken is passed over, and so is one for which there is no descriptor left at the moment.
  Result<TcpStream> accept(const StopFd& stop);

  /// The socket, for a library that accepts by itself.
  UniqueFd release() && { return std::move(fd_); }

 private:
  explicit TcpListener(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace cp::net
