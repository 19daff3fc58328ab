// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stop_fd.hpp"
#include "probe/wire.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>

namespace cp::probe {

/// A wire over UDP to one peer.
class UdpWire final : public Wire {
 public:
  /// A wire to PEER that ends its waiting when STOP is asked for. Without the kernel's time-stamps
  /// it works as well and says so. unavailable when there is no route.
  static Result<UdpWire> open(const net::Endpoint& peer, const Clock& clock,
                              const std::stop_token& stop);

  Result<void> send(std::span<const std::byte> packet) override;
  Result<std::optional<net::Datagram>> receive(std::span<std::byte> buffer) override;
  std::uint32_t sent() const override { return sent_; }
  std::optional<net::TransmitStamp> transmit_stamp() override;
  Result<void> wait(SteadyTime until) override;
  bool has_kernel_stamps() const override { return has_stamps_; }

  /// The address and port of ours that the peer sees, unless somebody translates them.
  Result<net::Endpoint> local() const { return socket_.local(); }

 private:
  UdpWire(net::UdpSocket socket, std::unique_ptr<net::StopFd> stop, bool has_stamps,
          const Clock& clock)
      : socket_(std::move(socket)),
        stop_(std::move(stop)),
        has_stamps_(has_stamps),
        clock_(clock) {}

  net::UdpSocket socket_;
  std::unique_ptr<net::StopFd> stop_;
  bool has_stamps_;
  const Clock& clock_;
  std::uint32_t sent_ = 0;
  std::uint32_t counted_from_ = 0;  ///< number of the packet that the kernel counts as 0
};

}  // namespace cp::probe
