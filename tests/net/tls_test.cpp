// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include "base/file.hpp"
#include "certificate.hpp"
#include "net/stop_fd.hpp"
#include "net/tcp_listener.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <array>
#include <future>
#include <poll.h>

using namespace cp::net;
using cp::Errc;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);
cp::SteadyTime in_time() { return cp::SystemClock().steady() + kPatience; }

using Context = std::shared_ptr<const TlsContext>;
using Connected = cp::Result<TlsConnection>;

struct Made {
  TemporaryDirectory directory;
  std::optional<Certificate> own =
      make_certificate(directory.path(), "server", "IP:127.0.0.1,DNS:dtn.example");

  bool can_run() const { return own.has_value() && OpenSslIsHere(); }
  static bool OpenSslIsHere() { return TlsContext::client({}, "p").has_value(); }
  Context server(const std::string& protocol = "cpxfer/2") const {
    auto context = TlsContext::server(*cp::read_file(own->certificate, 1U << 20U),
                                      *cp::read_file(own->key, 1U << 20U), protocol);
    REQUIRE(context);
    return *context;
  }
};

Context client(const TlsContext::Trust& trust, const std::string& protocol = "cpxfer/2") {
  auto context = TlsContext::client(trust, protocol);
  REQUIRE(context);
  return *context;
}

struct Pair {
  Connected server;
  Connected client;
};

// Both ends after they have tried to agree.
Pair agreed(const Context& server, const Context& client, const std::string& host = "127.0.0.1") {
  auto listener = TcpListener::bind({IpAddress::loopback(Family::ipv4), 0});
  REQUIRE(listener);
  auto connecting = std::async(std::launch::async, [&]() -> Connected {
    CP_TRY_ASSIGN(auto tcp, TcpStream::connect(*listener->local(), kPatience, {}));
    return client->connect(std::move(tcp), host, in_time(), {});
  });
  const auto never = StopFd::make({});
  auto tcp = listener->accept(**never);
  REQUIRE(tcp);
  auto accepted = server->accept(*std::move(tcp), in_time(), {});
  return {std::move(accepted), connecting.get()};
}

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 2654435761U) >> 7U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a client leaves a server for which nobody vouches, and one of another name or key") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  const auto other = make_certificate(made.directory.path(), "other", "IP:127.0.0.1");
  REQUIRE(other);
  const auto refused = [&](const TlsContext::Trust& trust, const std::string& host) {
    const Pair pair = agreed(made.server(), client(trust), host);
    REQUIRE_FALSE(pair.client);
    CHECK(pair.client.error().code == Errc::denied);
  };
  refused({other->certificate, ""}, "127.0.0.1");
  refused({made.own->certificate, ""}, "127.0.0.2");
  refused({made.own->certificate, ""}, "dtn.elsewhere.example");
  refused({"", other->tls_key}, "127.0.0.1");
  // The system's authorities do not know it.
  refused({}, "127.0.0.1");
}

TEST_CASE("a client that speaks another protocol is turned away") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  const Pair pair = agreed(made.server(), client({"", made.own->tls_key}, "h2"));
  CHECK_FALSE(pair.server);
  REQUIRE_FALSE(pair.client);
  CHECK(pair.client.error().code == Errc::protocol);
}

TEST_CASE("a certificate without its key, and a pin that is none, are refused") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  const auto other = make_certificate(made.directory.path(), "other", "IP:127.0.0.1");
  const std::string certificate = *cp::read_file(made.own->certificate, 1U << 20U);
  const std::string key = *cp::read_file(other->key, 1U << 20U);
  CHECK(TlsContext::server(certificate, key, "p").error().code == Errc::bad_config);
  CHECK(TlsContext::server("nothing", key, "p").error().code == Errc::bad_config);
  CHECK(TlsContext::server(certificate, "nothing", "p").error().code == Errc::bad_config);
  for (const char* pin : {"sha256:", "sha256:12", "md5:00", "x"}) {
    CHECK(TlsContext::client({"", pin}, "p").error().code == Errc::usage);
  }
  CHECK(TlsContext::client({other->key, ""}, "p").error().code == Errc::bad_config);
}

TEST_CASE("noise instead of an agreement is an error of the protocol at either end") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  auto listener = TcpListener::bind({IpAddress::loopback(Family::ipv4), 0});
  REQUIRE(listener);
  auto tcp = TcpStream::connect(*listener->local(), kPatience, {});
  const auto never = StopFd::make({});
  auto accepted = listener->accept(**never);
  REQUIRE(tcp);
  REQUIRE(accepted);
  const std::string noise = "GET / HTTP/1.1\r\n\r\n" + some_bytes(64);
  REQUIRE(tcp->send(std::as_bytes(std::span(noise)), {}));
  REQUIRE(accepted->send(std::as_bytes(std::span(noise)), {}));
  const auto as_client =
      client({"", made.own->tls_key})->connect(*std::move(tcp), "127.0.0.1", in_time(), {});
  const auto as_server = made.server()->accept(*std::move(accepted), in_time(), {});
  REQUIRE_FALSE(as_client);
  REQUIRE_FALSE(as_server);
  CHECK(as_client.error().code == Errc::protocol);
  CHECK(as_server.error().code == Errc::protocol);
}

TEST_CASE("bytes go both ways at once, whole, and both ends derive the same") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  const TlsContext::Trust by_authority{made.own->certificate, ""};
  const TlsContext::Trust by_key{"", made.own->tls_key};
  std::string last_exporter;
  for (const auto& [trust, host] :
       {std::pair(by_authority, "127.0.0.1"), std::pair(by_authority, "dtn.example"),
        std::pair(by_key, "127.0.0.1")}) {
    Pair pair = agreed(made.server(), client(trust), host);
    REQUIRE(pair.server);
    REQUIRE(pair.client);
    CHECK(pair.server->exporter == pair.client->exporter);
    CHECK(pair.server->exporter.size() == 32);
    CHECK(pair.server->exporter != last_exporter);
    last_exporter = pair.server->exporter;
    const std::string bytes = some_bytes(3'000'000);
    const auto send = [&](Stream& stream) {
      return stream.send(std::as_bytes(std::span(bytes))).has_value();
    };
    const auto receive = [&](Stream& stream) {
      std::string in(bytes.size(), '\0');
      const auto have = stream.receive_all(std::as_writable_bytes(std::span(in)));
      return have && *have == in.size() && in == bytes;
    };
    auto there = std::async(std::launch::async, [&] { return send(*pair.client->stream); });
    auto back = std::async(std::launch::async, [&] { return send(*pair.server->stream); });
    auto here = std::async(std::launch::async, [&] { return receive(*pair.client->stream); });
    CHECK(receive(*pair.server->stream));
    CHECK(here.get());
    CHECK(there.get());
    CHECK(back.get());
  }
}

TEST_CASE("last words arrive, and then the end") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  Pair pair = agreed(made.server(), client({"", made.own->tls_key}));
  REQUIRE(pair.server);
  REQUIRE(pair.client);
  const std::string words = some_bytes(100'000);
  REQUIRE(pair.server->stream->send(std::as_bytes(std::span(words))));
  pair.server->stream->end();
  std::string in(words.size() + 1, '\0');
  const auto have = pair.client->stream->receive_all(std::as_writable_bytes(std::span(in)));
  REQUIRE(have);
  CHECK(*have == words.size());
  // The other way is still open.
  REQUIRE(pair.client->stream->send(std::as_bytes(std::span("back", 4))));
  std::array<std::byte, 5> back{};
  pair.client->stream.reset();
  const auto got = pair.server->stream->receive_all(back);
  REQUIRE(got);
  CHECK(*got == 4);
}

TEST_CASE("an end that is gone is heard by who waits at the descriptor") {
  const Made made;
  if (!made.can_run()) {
    CP_LEAVE_OUT("there is no openssl");
    return;
  }
  Pair pair = agreed(made.server(), client({"", made.own->tls_key}));
  REQUIRE(pair.server);
  REQUIRE(pair.client);
  pair.client->stream->shutdown();
  pollfd poll{pair.server->stream->fd(), POLLIN | POLLRDHUP, 0};
  CHECK(::poll(&poll, 1, 20'000) == 1);
  std::array<std::byte, 1> in{};
  const auto count = pair.server->stream->receive(in);
  CHECK((!count || *count == 0));
}
