// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace cp::net {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// An IP address; a plain value. An IPv4-mapped IPv6 address never occurs: it becomes the IPv4 one,
/// so that a rule about 10.0.0.0/8 holds however the packet came in.
struct IpAddress {
  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 uses the first four, the rest stays zero
  std::uint32_t scope = 0;               ///< interface of an IPv6 link-local address

  /// The address that TEXT spells ("10.0.0.1", "::1", "fe80::1%eth0"); usage for anything else,
  /// host names too.
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress any(Family family);
  static IpAddress loopback(Family family);

  bool is_loopback() const;
  bool is_multicast() const;
  /// 0.0.0.0 or ::
  bool is_unspecified() const;
  std::string to_string() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// An address and a port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "127.0.0.1:7032", "[::1]:7032"
  std::string to_string() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// A range of addresses in CIDR form.
class Network {
 public:
  /// The network that TEXT names: "10.0.0.0/8", "fd00::/8"; a bare address is that one alone. usage
  /// for anything else, bits behind the prefix included.
  static Result<Network> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  Network(const IpAddress& base, unsigned bits) : base_(base), bits_(bits) {}
  IpAddress base_;
  unsigned bits_;
};

}  // namespace cp::net
