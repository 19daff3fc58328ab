// SPDX-License-Identifier: Apache-2.0
#include "net/socket_ends.hpp"

#include "net/sockaddr.hpp"

namespace cp::net {
namespace {

template <class Ask>
Result<Endpoint> end_of(int fd, Ask ask) {
  SocketAddress address;
  const bool known = ask(fd, &address.base, &address.length) == 0;
  const auto end = known ? to_endpoint(address) : std::nullopt;
  return end ? Result<Endpoint>(*end)
             : fail(Errc::unavailable, "a connection without an IP address");
}

}  // namespace

Result<Endpoint> local_end(int fd) { return end_of(fd, ::getsockname); }
Result<Endpoint> peer_end(int fd) { return end_of(fd, ::getpeername); }

}  // namespace cp::net
