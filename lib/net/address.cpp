// SPDX-License-Identifier: Apache-2.0
#include "net/address.hpp"

#include "base/text.hpp"
#include "net/sockaddr.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <net/if.h>

namespace cp::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::size_t width_of(Family family) { return family == Family::ipv4 ? 4 : 16; }

// The number of the interface that a zone ("eth0", "2") names; 0 for none such.
std::uint32_t scope_of(const std::string& zone) {
  if (const auto number = text::to_uint(zone); number && *number <= 0xffffffffU) {
    return static_cast<std::uint32_t>(*number);
  }
  return ::if_nametoindex(zone.c_str());
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const auto error = fail(Errc::usage, "'{}' is not an IP address", text);
  const auto zone = text::cut(text, '%');
  const std::string host(zone ? zone->before : text);
  in_addr v4{};
  if (!zone && ::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return to_ip_address(v4);
  }
  in6_addr v6{};
  // A NUL would end the C string early and hide what follows it.
  if (host.find('\0') != std::string::npos || ::inet_pton(AF_INET6, host.c_str(), &v6) != 1) {
    return error;
  }
  const std::uint32_t scope = zone ? scope_of(std::string(zone->after)) : 0;
  if (zone && scope == 0) {
    return error;
  }
  return to_ip_address(v6, scope);
}

IpAddress IpAddress::any(Family family) { return IpAddress{family, {}, 0}; }

IpAddress IpAddress::loopback(Family family) {
  IpAddress address = any(family);
  if (family == Family::ipv4) {
    address.bytes[0] = 127;
    address.bytes[3] = 1;
  } else {
    address.bytes[15] = 1;
  }
  return address;
}

bool IpAddress::is_loopback() const {
  return family == Family::ipv4 ? bytes[0] == 127 : bytes == loopback(family).bytes;
}

bool IpAddress::is_multicast() const {
  return family == Family::ipv4 ? (bytes[0] & 0xf0U) == 0xe0U : bytes[0] == 0xff;
}

bool IpAddress::is_unspecified() const { return bytes == any(family).bytes; }

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, bytes.data(), buffer.data(),
              buffer.size());
  std::string text = buffer.data();
  if (scope != 0) {
    std::array<char, IF_NAMESIZE> name{};
    text += '%';
    text += ::if_indextoname(scope, name.data()) != nullptr ? name.data() : std::to_string(scope);
  }
  return text;
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  return address.family == Family::ipv4 ? fmt::format("{}:{}", host, port)
                                        : fmt::format("[{}]:{}", host, port);
}

Result<Network> Network::parse(std::string_view text) {
  const auto error = with_hint(fail(Errc::usage, "'{}' is not a network", text),
                               "write e.g. 10.0.0.0/8 or fd00::/8");
  const auto slash = text::cut(text, '/');
  auto base = IpAddress::parse(slash ? slash->before : text);
  if (!base) {
    return error;
  }
  base->scope = 0;
  const std::size_t width = width_of(base->family);
  const auto bits = slash ? text::to_uint(slash->after) : width * 8;
  if (!bits || *bits > width * 8) {
    return error;
  }
  const Network network(*base, static_cast<unsigned>(*bits));
  IpAddress masked = *base;
  for (std::size_t bit = *bits; bit < width * 8; ++bit) {
    masked.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  }
  if (masked.bytes != base->bytes) {
    return with_hint(fail(Errc::usage, "'{}' has bits behind its prefix", text),
                     fmt::format("write {}/{}", masked.to_string(), *bits));
  }
  return network;
}

bool Network::contains(const IpAddress& address) const {
  if (address.family != base_.family) {
    return false;
  }
  const std::size_t whole = bits_ / 8;
  if (!std::equal(base_.bytes.begin(), base_.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = bits_ % 8;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return rest == 0 || ((base_.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

IpAddress to_ip_address(const in_addr& address) {
  IpAddress out;
  std::memcpy(out.bytes.data(), &address, 4);
  return out;
}

IpAddress to_ip_address(const in6_addr& address, std::uint32_t scope) {
  IpAddress out = IpAddress::any(Family::ipv6);
  std::memcpy(out.bytes.data(), &address, 16);
  if (std::equal(kMapped.begin(), kMapped.end(), out.bytes.begin())) {
    IpAddress v4;
    std::copy(out.bytes.begin() + 12, out.bytes.end(), v4.bytes.begin());
    return v4;
  }
  out.scope = scope;
  return out;
}

in_addr to_in_addr(const IpAddress& address) {
  in_addr out{};
  std::memcpy(&out, address.bytes.data(), 4);
  return out;
}

in6_addr to_in6_addr(const IpAddress& address) {
  in6_addr out{};
  std::memcpy(&out, address.bytes.data(), 16);
  return out;
}

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.address.family == Family::ipv4) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(endpoint.port);
    out.v4.sin_addr = to_in_addr(endpoint.address);
    out.length = sizeof out.v4;
  } else {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(endpoint.port);
    out.v6.sin6_addr = to_in6_addr(endpoint.address);
    out.v6.sin6_scope_id = endpoint.address.scope;
    out.length = sizeof out.v6;
  }
  return out;
}

std::optional<Endpoint> to_endpoint(const SocketAddress& address) {
  switch (address.base.sa_family) {
    case AF_INET:
      return Endpoint{to_ip_address(address.v4.sin_addr), ntohs(address.v4.sin_port)};
    case AF_INET6:
      return Endpoint{to_ip_address(address.v6.sin6_addr, address.v6.sin6_scope_id),
                      ntohs(address.v6.sin6_port)};
    default:
      return std::nullopt;
  }
}

}  // namespace cp::net
