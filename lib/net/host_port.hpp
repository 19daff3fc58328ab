// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cp::net {

/// A host by name or address, and a port, not looked up yet.
struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;

  /// "host:7032", "[::1]:7032"
  std::string to_string() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// The host and port in TEXT: "dtn1.example:862", "10.0.0.1", "[::1]:862", "::1"; without a port it
/// is FALLBACK_PORT. usage when the host is neither an address nor a name of letters, digits, dots,
/// hyphens and underscores that starts with a letter, digit or underscore (SECURITY §4), or the
/// port is no number up to 65535. Port 0 is taken: it means "any" where a server listens.
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t fallback_port);

/// The addresses of HOST in the order in which the system would try them; never empty. A literal
/// asks nobody. not_found when there is no such name, timed_out when no name server answers.
/// Blocks.
Result<std::vector<Endpoint>> resolve(const HostPort& host);

}  // namespace cp::net
