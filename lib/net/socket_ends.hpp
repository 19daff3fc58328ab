// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/address.hpp"

namespace cp::net {

/// The address that the socket FD has at this end, and the one at the other; unavailable for what
/// is no IP socket, or not connected.
Result<Endpoint> local_end(int fd);
Result<Endpoint> peer_end(int fd);

}  // namespace cp::net
