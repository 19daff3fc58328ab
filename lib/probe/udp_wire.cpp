// SPDX-License-Identifier: Apache-2.0
#include "probe/udp_wire.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/prctl.h>

namespace cp::probe {

Result<UdpWire> UdpWire::open(const net::Endpoint& peer, const Clock& clock,
                              const std::stop_token& stop) {
  CP_TRY_ASSIGN(net::UdpSocket socket, net::UdpSocket::connect(peer));
  CP_TRY_ASSIGN(std::unique_ptr<net::StopFd> stop_fd, net::StopFd::make(stop));
  const bool has_stamps = socket.stamp(true).has_value();
  // Without it the kernel may end a wait up to 50 us late, to save wake-ups.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  return UdpWire(std::move(socket), std::move(stop_fd), has_stamps, clock);
}

Result<void> UdpWire::send(std::span<const std::byte> packet) {
  auto sent = socket_.send(packet);
  if (sent) {
    ++sent_;
    return sent;
  }
  // Nobody knows whether the kernel counted the packet that failed: the count starts anew.
  if (has_stamps_) {
    while (socket_.transmit_stamp()) {
    }
    has_stamps_ = socket_.stamp(true).has_value();
    counted_from_ = sent_;
  }
  return sent;
}

Result<std::optional<net::Datagram>> UdpWire::receive(std::span<std::byte> buffer) {
  return socket_.receive_now(buffer);
}

std::optional<net::TransmitStamp> UdpWire::transmit_stamp() {
  auto stamp = socket_.transmit_stamp();
  if (stamp) {
    stamp->number += counted_from_;
  }
  return stamp;
}

Result<void> UdpWire::wait(SteadyTime until) {
  const auto left = until - clock_.steady();
  if (left.count() <= 0) {
    return {};
  }
  std::array<pollfd, 2> entries{{{socket_.fd(), POLLIN, 0}, {stop_->get(), POLLIN, 0}}};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  timespec timeout{};
  timeout.tv_sec = seconds.count();
  timeout.tv_nsec = (left - seconds).count();
  if (::ppoll(entries.data(), entries.size(), &timeout, nullptr) < 0 && errno != EINTR) {
    return fail_errno(errno, "poll");
  }
  return {};
}

}  // namespace cp::probe
