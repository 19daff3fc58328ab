// SPDX-License-Identifier: Apache-2.0
#include "fabric/own_sockets.hpp"

#include "base/file.hpp"

#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <system_error>

namespace cp::fabric {
namespace {

using Name = int (*)(int, sockaddr*, socklen_t*);

sockaddr_storage name_of(int fd, Name name) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (name(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    address.ss_family = AF_UNSPEC;
  }
  return address;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  switch (address.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    default:
      return 0;
  }
}

bool is_same(const sockaddr_storage& one, const sockaddr_storage& other) {
  if (one.ss_family != other.ss_family || port_of(one) == 0 || port_of(one) != port_of(other)) {
    return false;
  }
  if (one.ss_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in&>(one).sin_addr.s_addr ==
           reinterpret_cast<const sockaddr_in&>(other).sin_addr.s_addr;
  }
  return std::memcmp(&reinterpret_cast<const sockaddr_in6&>(one).sin6_addr,
                     &reinterpret_cast<const sockaddr_in6&>(other).sin6_addr,
                     sizeof(in6_addr)) == 0;
}

}  // namespace

void end_connections(std::uint16_t accepted, const sockaddr_storage& peer) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    // A copy stays the same socket, whatever another thread does to the number meanwhile.
    const UniqueFd socket(number < 0 ? -1 : ::fcntl(number, F_DUPFD_CLOEXEC, 0));
    if (!socket) {
      continue;
    }
    const sockaddr_storage far = name_of(socket.get(), ::getpeername);
    const bool is_accepted =
        port_of(far) != 0 && port_of(name_of(socket.get(), ::getsockname)) == accepted;
    if (is_accepted || is_same(far, peer)) {
      ::shutdown(socket.get(), SHUT_RDWR);
    }
  }
}

}  // namespace cp::fabric
