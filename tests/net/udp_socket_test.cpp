// SPDX-License-Identifier: Apache-2.0
#include "net/udp_socket.hpp"

#include "bytes_of.hpp"
#include "net/stop_fd.hpp"

#include "catch.hpp"
#include <array>
#include <optional>
#include <poll.h>
#include <string_view>
#include <thread>

using cp::Errc;
using cp::net::Endpoint;
using cp::net::Family;
using cp::net::IpAddress;
using cp::net::UdpSocket;
using namespace std::chrono_literals;

namespace {

UdpSocket listener(const char* address) {
  auto socket = UdpSocket::bind({*IpAddress::parse(address), 0});
  REQUIRE(socket);
  REQUIRE(socket->set_receive_timeout(2s));
  return std::move(*socket);
}

UdpSocket client_of(const UdpSocket& server, const char* address) {
  auto socket = UdpSocket::connect({*IpAddress::parse(address), server.local()->port});
  REQUIRE(socket);
  REQUIRE(socket->set_receive_timeout(2s));
  return std::move(*socket);
}

}  // namespace

TEST_CASE("an address that is not of this host cannot be listened on") {
  const auto socket = UdpSocket::bind({*IpAddress::parse("192.0.2.1"), 0});
  REQUIRE_FALSE(socket);
  CHECK(socket.error().code == Errc::unavailable);
}

TEST_CASE("a port that is taken cannot be listened on") {
  const UdpSocket first = listener("127.0.0.1");
  const auto second = UdpSocket::bind(*first.local());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::unavailable);
}

TEST_CASE("a closed port says that nobody listens") {
  auto gone = std::make_optional(listener("127.0.0.1"));
  UdpSocket client = client_of(*gone, "127.0.0.1");
  gone.reset();
  REQUIRE(client.send(bytes_of("x")));
  std::array<std::byte, 16> buffer{};
  const auto answer = client.receive(buffer);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
}

TEST_CASE("nothing to receive is no error") {
  UdpSocket socket = listener("127.0.0.1");
  std::array<std::byte, 16> buffer{};
  const auto now = socket.receive_now(buffer);
  REQUIRE(now);
  CHECK_FALSE(*now);
  REQUIRE(socket.set_receive_timeout(1ms));
  const auto later = socket.receive(buffer);
  REQUIRE(later);
  CHECK_FALSE(*later);
}

TEST_CASE("a datagram longer than the buffer says so") {
  UdpSocket server = listener("127.0.0.1");
  UdpSocket client = client_of(server, "127.0.0.1");
  REQUIRE(client.send(bytes_of("12345")));
  std::array<std::byte, 4> buffer{};
  const auto datagram = server.receive(buffer);
  REQUIRE(datagram);
  REQUIRE(*datagram);
  CHECK((*datagram)->is_truncated);
  CHECK((*datagram)->length == 4);
}

TEST_CASE("a datagram comes with its source, TTL and the address it was sent to") {
  for (const auto& [bound, asked] :
       {std::pair("127.0.0.1", "127.0.0.1"), std::pair("0.0.0.0", "127.0.0.3"),
        std::pair("::1", "::1"), std::pair("::", "::1")}) {
    INFO(bound << " " << asked);
    auto socket = UdpSocket::bind({*IpAddress::parse(bound), 0});
    if (!socket && IpAddress::parse(bound)->family == Family::ipv6) {
      CP_LEAVE_OUT("no IPv6 here: " + socket.error().message);
      continue;
    }
    REQUIRE(socket);
    REQUIRE(socket->set_receive_timeout(2s));
    UdpSocket client = client_of(*socket, asked);
    REQUIRE(client.send(bytes_of("hello")));
    std::array<std::byte, 64> buffer{};
    const auto request = socket->receive(buffer);
    REQUIRE(request);
    REQUIRE(*request);
    CHECK((*request)->length == 5);
    CHECK_FALSE((*request)->is_truncated);
    CHECK_FALSE((*request)->is_to_many);
    CHECK((*request)->source.port == client.local()->port);
    CHECK((*request)->destination == *IpAddress::parse(asked));
    CHECK((*request)->ttl == 255);

    // The answer leaves from the address that was asked: a connected socket takes no other.
    REQUIRE(socket->answer(**request, bytes_of("world")));
    const auto reply = client.receive(buffer);
    REQUIRE(reply);
    REQUIRE(*reply);
    CHECK((*reply)->source.address == *IpAddress::parse(asked));
  }
}

TEST_CASE("a datagram to many is told from one to us") {
  UdpSocket server = listener("0.0.0.0");
  auto client = UdpSocket::connect({*IpAddress::parse("224.0.0.1"), server.local()->port});
  if (!client || !client->send(bytes_of("x"))) {
    CP_LEAVE_OUT("no multicast route here");
    return;
  }
  REQUIRE(server.set_receive_timeout(200ms));
  std::array<std::byte, 16> buffer{};
  const auto datagram = server.receive(buffer);
  REQUIRE(datagram);
  if (!*datagram) {
    CP_LEAVE_OUT("multicast does not come back here");
    return;
  }
  CHECK((*datagram)->is_to_many);
}

TEST_CASE("the kernel stamps what is sent and received, and counts from the first on") {
  UdpSocket server = listener("127.0.0.1");
  UdpSocket client = client_of(server, "127.0.0.1");
  REQUIRE(server.stamp(false));
  REQUIRE(client.stamp(true));
  CHECK_FALSE(client.transmit_stamp());
  std::array<std::byte, 16> buffer{};
  const cp::SystemClock clock;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto before = clock.now();
    REQUIRE(client.send(bytes_of("x")));
    const auto datagram = server.receive(buffer);
    const auto after = clock.now();
    REQUIRE(datagram);
    REQUIRE(*datagram);
    const auto sent = client.transmit_stamp();
    REQUIRE(sent);
    CHECK(sent->number == i);
    CHECK(sent->time >= before);
    CHECK(sent->time <= after);
    // The kernel switches its stamps on a little after the first socket asks for them.
    if ((*datagram)->kernel_time) {
      CHECK(*(*datagram)->kernel_time >= sent->time);
      CHECK(*(*datagram)->kernel_time <= after);
    }
  }
  REQUIRE(client.stamp(true));
  REQUIRE(client.send(bytes_of("x")));
  const auto again = client.transmit_stamp();
  REQUIRE(again);
  CHECK(again->number == 0);
}

TEST_CASE("a receive that waits is interrupted, and none waits after that") {
  UdpSocket server = listener("127.0.0.1");
  REQUIRE(server.set_receive_timeout(0us));
  std::array<std::byte, 16> buffer{};
  std::thread interrupter([&] { server.interrupt(); });
  for (int i = 0; i < 2; ++i) {
    const auto nothing = server.receive(buffer);
    REQUIRE(nothing);
    REQUIRE(*nothing);
    CHECK((*nothing)->length == 0);
  }
  interrupter.join();
}

TEST_CASE("a stop makes its descriptor readable, also when it was asked for before") {
  std::stop_source source;
  const auto early = cp::net::StopFd::make(source.get_token());
  REQUIRE(early);
  pollfd entry{(*early)->get(), POLLIN, 0};
  CHECK(::poll(&entry, 1, 0) == 0);
  source.request_stop();
  CHECK(::poll(&entry, 1, 0) == 1);
  const auto late = cp::net::StopFd::make(source.get_token());
  REQUIRE(late);
  entry.fd = (*late)->get();
  CHECK(::poll(&entry, 1, 0) == 1);
}
