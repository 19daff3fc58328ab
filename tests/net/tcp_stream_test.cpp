// SPDX-License-Identifier: Apache-2.0
#include "bytes_of.hpp"
#include "net/tcp_listener.hpp"

#include "catch.hpp"
#include <string>
#include <thread>
#include <vector>

using namespace cp::net;
using cp::Errc;

namespace {

const Endpoint kAnyPort{IpAddress::loopback(Family::ipv4), 0};

struct TcpPair {
  TcpStream client;
  TcpStream server;
};

TcpPair connected() {
  auto listener = TcpListener::bind(kAnyPort);
  REQUIRE(listener);
  auto client = TcpStream::connect(*listener->local(), std::chrono::seconds(5), {});
  REQUIRE(client);
  const auto never = StopFd::make({});
  auto server = listener->accept(**never);
  REQUIRE(server);
  return {std::move(*client), std::move(*server)};
}

}  // namespace

TEST_CASE("a port where nobody listens is unavailable, and so is one in use") {
  auto listener = TcpListener::bind(kAnyPort);
  REQUIRE(listener);
  const Endpoint taken = *listener->local();
  CHECK(TcpListener::bind(taken).error().code == Errc::unavailable);
  const auto closed = [] {
    const auto short_lived = TcpListener::bind(kAnyPort);
    return *short_lived->local();
  }();
  const auto refused = TcpStream::connect(closed, std::chrono::seconds(5), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
}

TEST_CASE("accepting ends when a stop is asked") {
  auto listener = TcpListener::bind(kAnyPort);
  std::stop_source source;
  const auto stop = StopFd::make(source.get_token());
  std::thread asker([&] { source.request_stop(); });
  CHECK(listener->accept(**stop).error().code == Errc::timed_out);
  asker.join();
}

TEST_CASE("a silent peer is waited for only so long") {
  TcpPair pair = connected();
  REQUIRE(pair.client.set_patience(std::chrono::milliseconds(30)));
  std::array<std::byte, 4> in{};
  CHECK(pair.client.receive(in).error().code == Errc::timed_out);
  const std::vector<std::byte> much(64U << 20U);
  CHECK(pair.client.send(much).error().code == Errc::timed_out);
}

TEST_CASE("a peer that ended is read to its end, and writing to it fails") {
  TcpPair pair = connected();
  REQUIRE(pair.server.send(bytes_of("he"), bytes_of("llo")));
  pair.server.shutdown();
  std::array<std::byte, 16> in{};
  const auto have = pair.client.receive_all(in);
  REQUIRE(have);
  CHECK(*have == 5);
  CHECK(static_cast<char>(in[4]) == 'o');
  CHECK(*pair.client.receive(in) == 0);
  const std::vector<std::byte> much(16U << 20U);
  CHECK(pair.server.send(much).error().code == Errc::unavailable);
}

TEST_CASE("what is there is taken without waiting") {
  TcpPair pair = connected();
  std::array<std::byte, 16> in{};
  CHECK_FALSE(pair.client.receive_now(in)->has_value());
  REQUIRE(pair.server.send(bytes_of("x")));
  std::array<std::byte, 1> one{};
  CHECK(*pair.client.receive(one) == 1);
  pair.server.end();
  // The end may need a moment to arrive; `receive` waits for it.
  CHECK(*pair.client.receive(in) == 0);
  CHECK(pair.client.receive_now(in)->value() == 0);
}

TEST_CASE("a shutdown from another thread wakes a call that waits") {
  TcpPair pair = connected();
  std::thread other([&] { pair.client.shutdown(); });
  std::array<std::byte, 4> in{};
  CHECK(pair.client.receive(in).value_or(0) == 0);
  other.join();
}
