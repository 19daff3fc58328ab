// SPDX-License-Identifier: Apache-2.0
#include "transfer/server.hpp"

#include "base/thread.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
#include "transfer/server_session.hpp"

#include <array>

namespace cp::transfer {
namespace {

// A connection has to say what it wants within this time, and who takes an answer so slowly is
// gone.
constexpr auto kGreetingPatience = std::chrono::seconds(10);

SteadyTime greeting_deadline() { return SystemClock().steady() + kGreetingPatience; }

Result<Preface> read_preface(net::Stream& stream) {
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  CP_TRY_ASSIGN(const std::size_t have, stream.receive_all(bytes, greeting_deadline()));
  if (have != bytes.size()) {
    return fail(Errc::protocol, "the other end is no cpxfer");
  }
  return decode_preface(bytes);
}

// What a connection is for, after the answer to one that talks.
Result<Purpose> greet_back(net::Stream& stream) {
  const auto preface = read_preface(stream);
  // Also to a peer of another version, so that it can say so.
  if (!preface || preface->purpose == Purpose::control) {
    CP_TRY(stream.send(encode(Preface{.purpose = Purpose::control})));
  }
  CP_TRY(preface);
  return preface->purpose != Purpose::order
             ? Result<Purpose>(preface->purpose)
             : fail(Errc::protocol, "a server carries out no transfer for others");
}

// A record of TLS that begins an agreement (RFC 8446 §5.1).
constexpr std::byte kHandshake{22};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(const ServerSettings& settings, Random& random,
                                             ServerEvents& events) {
  if (!settings.tls && !settings.listen.address.is_loopback()) {
    return fail(Errc::denied, "{} is no loopback address: clear service is for this machine alone",
                settings.listen.address.to_string());
  }
  CP_TRY_ASSIGN(Confined root, Confined::open(settings.root));
  CP_TRY_ASSIGN(auto listener, net::TcpListener::bind(settings.listen));
  return std::make_unique<Server>(settings, random, events, std::move(root), std::move(listener));
}

Server::Server(const ServerSettings& settings, Random& random, ServerEvents& events, Confined root,
               net::TcpListener listener)
    : settings_(settings),
      random_(random),
      events_(events),
      root_(std::move(root)),
      listener_(std::move(listener)) {}

Server::~Server() {
  stop_.request_stop();
  reap(true);
}

Result<void> Server::run(std::stop_token stop) {
  CP_TRY_ASSIGN(const auto stop_fd, net::StopFd::make(stop));
  const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  while (!stop.stop_requested()) {
    auto stream = listener_.accept(*stop_fd);
    reap(false);
    if (stream && connections_.size() < settings_.connections) {
      start(*std::move(stream));
    }
  }
  reap(true);
  return {};
}

void Server::start(net::TcpStream stream) {
  const net::Endpoint peer = stream.peer();
  Connection& connection = connections_.emplace_back();
  auto thread = start_thread([this, &connection, own = std::move(stream)]() mutable {
    handle(std::move(own));
    connection.is_over = true;
  });
  if (thread) {
    connection.thread = *std::move(thread);
  } else {
    connections_.pop_back();
    events_.session_ended(peer, thread.error().message);
  }
}

void Server::reap(bool all) {
  for (auto connection = connections_.begin(); connection != connections_.end();) {
    if (all || connection->is_over) {
      connection->thread.join();
      connection = connections_.erase(connection);
    } else {
      ++connection;
    }
  }
}

void Server::handle(net::TcpStream stream) {
  const net::Endpoint peer = stream.peer();
  // What one connection lacks is no matter of the others.
  if (const auto greeted = within_means([&] { return greet(stream); }); !greeted) {
    events_.session_ended(peer, greeted.error().message);
  }
}

Result<void> Server::greet(net::TcpStream& stream) {
  CP_TRY(stream.set_patience(kGreetingPatience));
  std::optional<std::byte> first;
  {
    const std::stop_callback interrupt(stop_.get_token(), [&] { stream.shutdown(); });
    CP_TRY_ASSIGN(first, stream.peek(greeting_deadline()));
  }
  if (first == kHandshake) {
    return settings_.tls ? greet_sealed(std::move(stream)) : turn_away(stream);
  }
  return greet_clear(stream);
}

// Whoever expects TLS is told that there is none; the rest of its words is taken in, so that the
// answer is not lost with the connection.
Result<void> Server::turn_away(net::TcpStream& stream) {
  std::array<std::byte, 16 << 10> words;
  CP_TRY(stream.receive(words));
  CP_TRY(stream.send(encode(Preface{.purpose = Purpose::control})));
  return fail(Errc::protocol, "the other end expects TLS");
}

// Streams prove their session's key by themselves; whoever wants to talk does it as this server
// does.
Result<void> Server::greet_clear(net::TcpStream& stream) {
  Purpose purpose{};
  {
    const std::stop_callback interrupt(stop_.get_token(), [&] { stream.shutdown(); });
    CP_TRY_ASSIGN(purpose, greet_back(stream));
  }
  if (purpose == Purpose::rail) {
    return join_rail(std::move(stream));
  }
  if (settings_.tls) {
    Control control(std::make_unique<net::TcpStream>(std::move(stream)), kGreetingPatience);
    const Error error{Errc::denied, "this server talks by TLS alone", "leave --anonymous out"};
    static_cast<void>(control.send(SessionError{error}));
    return tl::unexpected<Error>(error);
  }
  const net::Endpoint peer = stream.peer();
  const auto local = stream.local();
  converse(std::make_unique<net::TcpStream>(std::move(stream)),
           {peer, local ? local->address.to_string() : "", ""});
  return {};
}

Result<void> Server::greet_sealed(net::TcpStream stream) {
  const net::Endpoint peer = stream.peer();
  const auto local = stream.local();
  CP_TRY_ASSIGN(auto connection,
                settings_.tls->accept(std::move(stream), greeting_deadline(), stop_.get_token()));
  CP_TRY(connection.stream->set_patience(kGreetingPatience));
  {
    const std::stop_callback interrupt(stop_.get_token(), [&] { connection.stream->shutdown(); });
    CP_TRY_ASSIGN(const Purpose purpose, greet_back(*connection.stream));
    if (purpose != Purpose::control) {
      return fail(Errc::protocol, "a stream within TLS");
    }
  }
  converse(std::move(connection.stream),
           {peer, local ? local->address.to_string() : "", connection.exporter});
  return {};
}

Result<void> Server::join_rail(net::TcpStream stream) {
  std::string claim(limits::claim_bytes, '\0');
  {
    const std::stop_callback interrupt(stop_.get_token(), [&] { stream.shutdown(); });
    CP_TRY_ASSIGN(
        const std::size_t have,
        stream.receive_all(std::as_writable_bytes(std::span(claim)), greeting_deadline()));
    if (have != claim.size()) {
      return fail(Errc::protocol, "a stream without a token");
    }
  }
  CP_TRY(stream.set_patience(std::chrono::nanoseconds(0)));
  return desk_.deliver(claim, std::make_unique<net::TcpStream>(std::move(stream)));
}

void Server::converse(std::unique_ptr<net::Stream> stream, const Caller& caller) {
  Control control(std::move(stream), kGreetingPatience);
  if (++sessions_ > settings_.sessions) {
    static_cast<void>(
        control.send(SessionError{{Errc::timed_out, "the server is busy; try again later", {}}}));
  } else {
    const std::string what =
        run_server_session({.control = control,
                            .root = &root_,
                            .desk = desk_,
                            .host = caller.reached,
                            .door = "",
                            .binding = caller.binding,
                            .judge_token = settings_.tls ? &settings_.judge_token : nullptr,
                            .spending = settings_.spending,
                            .fabrics = fabrics_,
                            .random = random_,
                            .silence = settings_.silence,
                            .archive = settings_.archive,
                            .compressors = &compressors_},
                           stop_.get_token());
    events_.session_ended(caller.peer, what);
  }
  --sessions_;
}

}  // namespace cp::transfer
