// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sys/socket.h>

namespace cp::fabric {

/// Ends both directions of each TCP connection of this process that was accepted at the port
/// ACCEPTED or made to PEER: whoever reads from it reads what has arrived, and then its end. For
/// sockets of a library that does not show them (procfs; elsewhere it does nothing).
void end_connections(std::uint16_t accepted, const sockaddr_storage& peer);

}  // namespace cp::fabric
