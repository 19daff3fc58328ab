// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cp::net {

/// Where a connection may go that somebody else's document asked for (SECURITY §4). Judges the
/// address that is connected, not the name it came from.
class AllowNet {
 public:
  /// Public addresses alone: no loopback, link-local (metadata services among them), private,
  /// shared, benchmark, multicast or reserved one (RFC 6890 and the IANA registries after it).
  AllowNet() = default;
  /// Those, and the networks in TEXTS ("10.0.0.0/8", "::1"); usage for what is none.
  static Result<AllowNet> parse(const std::vector<std::string>& texts);

  bool allows(const IpAddress& address) const;

 private:
  std::vector<Network> also_;
};

}  // namespace cp::net
