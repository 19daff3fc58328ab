// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/host_port.hpp"

#include <string_view>
#include <variant>

namespace cp::probe {

inline constexpr std::uint16_t kOwnPort = 7032;   ///< of `cpprobe serve`
inline constexpr std::uint16_t kStampPort = 862;  ///< of STAMP (RFC 8762 §4.1)

/// The host and port in URL, "stamp://HOST[:PORT]", where PORT is 862 unless it is said; usage for
/// anything else, a path, a user or a port 0 included.
Result<net::HostPort> parse_stamp_url(std::string_view url);

/// A resource by its code or alias, still to be resolved.
struct ResourceName {
  std::string name;
};
using Target = std::variant<net::HostPort, ResourceName>;

/// What TEXT names: a resource ("cp:86.3101.42/7F3K9Q2M-JB", "@shlab/h100"), "stamp://HOST[:PORT]",
/// or "HOST[:PORT]" with 7032 where no port is said. usage for anything else; a code is not checked
/// here.
Result<Target> parse_target(std::string_view text);

/// "stamp://HOST:PORT"
std::string to_url(const net::HostPort& host);

}  // namespace cp::probe
