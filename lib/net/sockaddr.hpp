// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/address.hpp"

#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

/// Between our addresses and the system's; for the files of lib/net alone.
namespace cp::net {

struct SocketAddress {
  union {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_storage storage;
  };
  socklen_t length = sizeof(sockaddr_storage);
  SocketAddress() : storage{} {}
};

SocketAddress to_socket_address(const Endpoint& endpoint);
/// nullopt for a family that is neither IPv4 nor IPv6.
std::optional<Endpoint> to_endpoint(const SocketAddress& address);

IpAddress to_ip_address(const in_addr& address);
IpAddress to_ip_address(const in6_addr& address, std::uint32_t scope);
in_addr to_in_addr(const IpAddress& address);
in6_addr to_in6_addr(const IpAddress& address);

}  // namespace cp::net
