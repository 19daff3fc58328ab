// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace cp::net {

/// The smallest round trip that the kernel has seen on the TCP connection FD (tcp(7), TCP_INFO),
/// its handshake included; nullopt for what is no TCP connection, and before the first answer.
std::optional<std::chrono::nanoseconds> tcp_round_trip(int fd);

/// As `tcp_round_trip`, as it was lately: longer than the smallest by what waits on the way.
std::optional<std::chrono::nanoseconds> tcp_round_trip_now(int fd);

}  // namespace cp::net
