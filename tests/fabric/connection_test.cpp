// SPDX-License-Identifier: Apache-2.0
#include "fabric/connection.hpp"

#include "fabric/listener.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <thread>
#include <vector>

using namespace cp::fabric;
using cp::Errc;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr const char* kHost = "127.0.0.1";

std::shared_ptr<const Library> library() {
  auto loaded = Library::load();
  REQUIRE(loaded);
  return *loaded;
}

struct Pair {
  std::unique_ptr<Connection> client;
  std::unique_ptr<Connection> server;
};

cp::Result<std::unique_ptr<Connection>> connect(const Listener& listener, std::string_view claim,
                                                std::string_view answer = "welcome") {
  return Connection::connect(library(), "tcp", kHost, listener.port(), claim, answer, kPatience,
                             {});
}

std::optional<std::string> knows_secret(std::string_view claim) {
  return claim == "secret" ? std::optional<std::string>("welcome") : std::nullopt;
}

Pair connected() {
  auto listener = Listener::open(library(), "tcp", kHost);
  REQUIRE(listener);
  Pair pair;
  cp::Result<std::unique_ptr<Connection>> client;
  std::thread connecting([&] { client = connect(**listener, "secret"); });
  auto server = (*listener)->accept(knows_secret, kPatience, {});
  connecting.join();
  REQUIRE(server);
  REQUIRE(client);
  return {*std::move(client), *std::move(server)};
}

}  // namespace

TEST_CASE("a provider that there is not is unavailable") {
  const auto listener = Listener::open(library(), "qwerty", kHost);
  REQUIRE_FALSE(listener);
  CHECK(listener.error().code == Errc::unavailable);
}

TEST_CASE("connecting to a port where nobody listens fails at once") {
  std::uint16_t port = 0;
  {
    auto listener = Listener::open(library(), "tcp", kHost);
    REQUIRE(listener);
    port = (*listener)->port();
  }
  const auto connection =
      Connection::connect(library(), "tcp", kHost, port, "x", "", kPatience, {});
  REQUIRE_FALSE(connection);
  CHECK((connection.error().code == Errc::denied || connection.error().code == Errc::unavailable));
}

TEST_CASE("a connection without the right token is refused, and the next one is taken") {
  auto listener = Listener::open(library(), "tcp", kHost);
  REQUIRE(listener);
  cp::Result<std::unique_ptr<Connection>> wrong;
  cp::Result<std::unique_ptr<Connection>> right;
  std::thread connecting([&] {
    wrong = connect(**listener, "guess");
    right = connect(**listener, "secret");
  });
  auto server = (*listener)->accept(knows_secret, kPatience, {});
  connecting.join();
  CHECK(server);
  CHECK(right);
  CHECK_FALSE(wrong);
}

TEST_CASE("a connection that is not answered as it should be is denied") {
  auto listener = Listener::open(library(), "tcp", kHost);
  REQUIRE(listener);
  cp::Result<std::unique_ptr<Connection>> client;
  std::thread connecting([&] { client = connect(**listener, "secret", "another"); });
  const auto server = (*listener)->accept(knows_secret, kPatience, {});
  connecting.join();
  REQUIRE_FALSE(client);
  CHECK(client.error().code == Errc::denied);
}

TEST_CASE("accepting ends when a stop is asked") {
  auto listener = Listener::open(library(), "tcp", kHost);
  REQUIRE(listener);
  std::stop_source stop;
  std::thread asking([&] { stop.request_stop(); });
  const auto accepted = (*listener)->accept(knows_secret, kPatience, stop.get_token());
  asking.join();
  REQUIRE_FALSE(accepted);
  CHECK(accepted.error().code == Errc::timed_out);
}

TEST_CASE("messages arrive whole and in order in the buffers that were posted") {
  Pair pair = connected();
  std::vector<std::byte> out(3U << 20U);
  std::vector<std::byte> in(3U << 20U);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(i * 31 >> 7U);
  }
  REQUIRE(pair.client->prepare(out, 3));
  REQUIRE(pair.server->prepare(in, 3));
  const std::array<std::size_t, 3> sizes{1U << 20U, 17, (1U << 20U) - 5};
  std::thread sending([&] {
    for (std::size_t i = 0; i < 3; ++i) {
      static_cast<void>(pair.client->send(i, std::span(out).subspan(i << 20U, sizes[i])));
    }
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(pair.client->wait());
    }
  });
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(pair.server->receive(i, std::span(in).subspan(i << 20U, 1U << 20U)));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const auto completion = pair.server->wait();
    REQUIRE(completion);
    CHECK(completion->operation == i);
    CHECK(completion->is_receive);
    CHECK(completion->bytes == sizes[i]);
    CHECK(std::equal(out.begin() + static_cast<std::ptrdiff_t>(i << 20U),
                     out.begin() + static_cast<std::ptrdiff_t>((i << 20U) + sizes[i]),
                     in.begin() + static_cast<std::ptrdiff_t>(i << 20U)));
  }
  sending.join();
}

TEST_CASE("a peer that is gone ends the wait of the other") {
  Pair pair = connected();
  std::vector<std::byte> in(64);
  REQUIRE(pair.server->prepare(in, 1));
  REQUIRE(pair.server->receive(0, in));
  std::thread leaving([&] { pair.client.reset(); });
  const auto completion = pair.server->wait();
  leaving.join();
  REQUIRE_FALSE(completion);
  CHECK(completion.error().code == Errc::timed_out);
}

TEST_CASE("an interrupted connection waits no longer") {
  Pair pair = connected();
  std::vector<std::byte> in(64);
  REQUIRE(pair.server->prepare(in, 1));
  REQUIRE(pair.server->receive(0, in));
  std::thread interrupting([&] { pair.server->interrupt(); });
  CHECK_FALSE(pair.server->wait());
  interrupting.join();
}
