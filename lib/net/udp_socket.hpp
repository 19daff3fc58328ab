// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/time.hpp"
#include "net/address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cp::net {

/// What is known of a datagram that came in.
struct Datagram {
  std::size_t length = 0;     ///< octets now in the buffer
  bool is_truncated = false;  ///< it was longer than the buffer
  bool is_to_many = false;    ///< it was sent to a multicast or broadcast address
  Endpoint source;
  std::optional<IpAddress> destination;  ///< the address of ours that it was sent to
  std::uint32_t interface = 0;           ///< the interface that it came in by, 0 when unknown
  std::optional<std::uint8_t> ttl;       ///< TTL or hop limit as it arrived
  std::optional<UnixTime> kernel_time;   ///< when the kernel took it from the device
};

/// The time at which the kernel gave a datagram to the device.
struct TransmitStamp {
  std::uint32_t number = 0;  ///< of the datagrams sent since `stamp`, from 0 on
  UnixTime time;
};

/// A UDP socket with the kernel's time-stamps (SO_TIMESTAMPING, docs.kernel.org
/// networking/timestamping) and the header fields that a measurement and an honest reply need. No
/// call allocates unless it fails. Not thread-safe.
class UdpSocket {
 public:
  /// A socket on LOCAL (port 0: any), over IPv6 alone when that is IPv6. denied for a port that
  /// needs a privilege, unavailable when the address is in use or not of this host.
  static Result<UdpSocket> bind(const Endpoint& local);
  /// A socket that talks to PEER alone; unavailable when there is no route.
  static Result<UdpSocket> connect(const Endpoint& peer);

  Result<Endpoint> local() const;
  int fd() const { return fd_.get(); }

  /// Asks the kernel to note when it receives and, if TRANSMIT, sends each datagram from now on.
  /// Counting for `TransmitStamp` begins anew. unavailable where the kernel does not.
  Result<void> stamp(bool transmit);

  /// Receives the next datagram into BUFFER; nullopt when none came within the receive time-out,
  /// or a signal came first. unavailable when the peer's host says that nobody listens there.
  Result<std::optional<Datagram>> receive(std::span<std::byte> buffer);
  /// As `receive`, without waiting.
  Result<std::optional<Datagram>> receive_now(std::span<std::byte> buffer);
  /// Ends a `receive` that waits on another thread, and all that come after it: each gives a
  /// datagram of length 0 at once. Safe on any thread while the socket lives.
  void interrupt();
  /// How long `receive` waits; 0 is for ever.
  Result<void> set_receive_timeout(std::chrono::microseconds timeout);

  /// Sends BYTES to the peer of `connect`; timed_out when the queue is full.
  Result<void> send(std::span<const std::byte> bytes);
  /// Sends BYTES to where REQUEST came from, from the address that it was sent to, on the interface
  /// it came in by.
  Result<void> answer(const Datagram& request, std::span<const std::byte> bytes);

  /// The next transmit time-stamp that has not been read; nullopt when there is none now.
  std::optional<TransmitStamp> transmit_stamp();

 private:
  explicit UdpSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  static Result<UdpSocket> open(Family family);
  Result<std::optional<Datagram>> receive_with(std::span<std::byte> buffer, int flags);

  UniqueFd fd_;
};

}  // namespace cp::net
