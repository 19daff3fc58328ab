// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/udp_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cp::probe {

/// What a session sends its packets on: a UDP socket, or in tests a network that is made up. For
/// one thread.
class Wire {
 public:
  virtual ~Wire() = default;

  /// Sends PACKET to the one peer. timed_out when there is no room just now, unavailable when the
  /// peer's host refuses or there is no route.
  virtual Result<void> send(std::span<const std::byte> packet) = 0;

  /// The next packet that has come, into BUFFER; nullopt when there is none. Never waits.
  /// unavailable when the peer's host said that nobody listens.
  virtual Result<std::optional<net::Datagram>> receive(std::span<std::byte> buffer) = 0;

  /// How many packets `send` has taken since the wire was made.
  virtual std::uint32_t sent() const = 0;

  /// The next transmit time-stamp; its number is what `sent` was just before that packet. nullopt
  /// when there is none now.
  virtual std::optional<net::TransmitStamp> transmit_stamp() = 0;

  /// Waits until something has come, until UNTIL, or until the wire is told to stop. It may also
  /// return for no reason.
  virtual Result<void> wait(SteadyTime until) = 0;

  /// Whether the kernel stamps what is sent and received here.
  virtual bool has_kernel_stamps() const = 0;
};

}  // namespace cp::probe
