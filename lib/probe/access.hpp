// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/host_port.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cp::identity {
struct Resolved;
}

namespace cp::probe {

/// How a resource can be measured, by what its verified record says.
struct ProbeAccess {
  std::vector<net::HostPort> reflectors;  ///< its stamp:// URLs, in the record's order
  bool is_own = false;                    ///< it is of this machine's own authority
  bool is_this_machine = false;           ///< and its jobs run here (launch access "local:")
  /// Why it cannot be measured; empty when it can: `no_probe_access`, `unsigned`,
  /// `verification_failed`.
  std::string reason;
  std::shared_ptr<const identity::Resolved> resource;  ///< what it was made from
};

/// The access to RESOURCE. A record that failed to verify gives none, an unsigned one only if
/// ALLOW_UNSIGNED; "local:" counts only in a record of this machine's own authority (SECURITY §3).
ProbeAccess access_of(const identity::Resolved& resource, bool allow_unsigned);

/// Whether the path to ADDRESS may be measured on behalf of a record: loopback would make any
/// resource seem near, so only this machine's own authority may name it; what is no unicast address
/// may be named by nobody.
bool may_probe(const net::IpAddress& address, bool is_own);

}  // namespace cp::probe
