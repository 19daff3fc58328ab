// SPDX-License-Identifier: Apache-2.0
#include "transfer/tcp_door.hpp"

#include "base/thread.hpp"
#include "net/stop_fd.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"

#include <array>

namespace cp::transfer {
namespace {

// Ours have their token ready; strangers find the port, and hold a thread each for no longer.
constexpr auto kTokenPatience = std::chrono::seconds(5);
constexpr std::size_t kVisitors = 64;

Result<void> let_in(net::TcpStream stream, RailDesk& desk) {
  const SteadyTime deadline = SystemClock().steady() + kTokenPatience;
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  std::string claim(limits::claim_bytes, '\0');
  CP_TRY_ASSIGN(const std::size_t have, stream.receive_all(bytes, deadline));
  if (have != bytes.size()) {
    return fail(Errc::protocol, "a stream without a token");
  }
  CP_TRY(decode_preface(bytes));
  CP_TRY_ASSIGN(const std::size_t got,
                stream.receive_all(std::as_writable_bytes(std::span(claim)), deadline));
  if (got != claim.size()) {
    return fail(Errc::protocol, "a stream without a token");
  }
  return desk.deliver(claim, std::make_unique<net::TcpStream>(std::move(stream)));
}

Result<net::TcpListener> listen_at(const net::IpAddress& address, PortRange ports) {
  auto listener = net::TcpListener::bind({address, ports.first});
  for (unsigned port = ports.first + 1U; !listener && port <= ports.last; ++port) {
    listener = net::TcpListener::bind({address, static_cast<std::uint16_t>(port)});
  }
  return listener;
}

}  // namespace

Result<std::unique_ptr<TcpDoor>> TcpDoor::open(const net::IpAddress& address,
                                               std::optional<PortRange> ports, RailDesk& desk) {
  CP_TRY_ASSIGN(auto listener, listen_at(address, ports.value_or(PortRange{})));
  CP_TRY_ASSIGN(const net::Endpoint local, listener.local());
  return std::make_unique<TcpDoor>(std::move(listener), local.port, desk);
}

TcpDoor::TcpDoor(net::TcpListener listener, std::uint16_t port, RailDesk& desk)
    : listener_(std::move(listener)), port_(port), desk_(desk) {
  thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

void TcpDoor::listen(const std::stop_token& stop) {
  const auto stop_fd = net::StopFd::make(stop);
  std::vector<std::jthread> visitors;
  while (stop_fd && !stop.stop_requested() && visitors.size() < kVisitors) {
    if (auto stream = listener_.accept(**stop_fd)) {
      auto visitor = start_thread([this, own = *std::move(stream)]() mutable {
        static_cast<void>(let_in(std::move(own), desk_));
      });
      if (visitor) {
        visitors.push_back(*std::move(visitor));
      }
    }
  }
}

}  // namespace cp::transfer
