// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "net/address.hpp"
#include "net/tcp_listener.hpp"
#include "net/tls.hpp"
#include "transfer/compressors.hpp"
#include "transfer/confined.hpp"
#include "transfer/grants.hpp"
#include "transfer/rail_desk.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace cp::transfer {

struct ServerSettings {
  net::Endpoint listen;  ///< a loopback address, unless `tls` is there (SECURITY §4)
  std::shared_ptr<const net::TlsContext> tls;  ///< of tls_protocol; null: clear and unauthenticated
  /// Says what a token is worth (identity::TokenJudge), on any thread; with `tls` nobody is served
  /// without one.
  JudgeToken judge_token;
  Spending* spending = nullptr;   ///< with `tls`; borrowed
  std::string root;               ///< nothing outside it is read or written
  std::size_t sessions = 16;      ///< at a time
  std::size_t connections = 256;  ///< at a time, streams included until they have joined a session
  std::chrono::nanoseconds silence = std::chrono::seconds(30);
  std::string archive;  ///< where journals of finished transfers are kept; empty: nowhere
};

/// Is told what the server does. Safe on any thread.
class ServerEvents {
 public:
  virtual ~ServerEvents() = default;
  /// One session has ended: PEER, and one line about what it did.
  virtual void session_ended(const net::Endpoint& peer, std::string_view what) = 0;
};

/// The data mover's daemon: takes and gives files below one directory. One thread for each
/// connection until it is known what it wants, then one for each session. What comes from a peer is
/// hostile.
class Server {
 public:
  /// Opens the root and listens. denied for an address that is not loopback, not_found,
  /// unavailable.
  static Result<std::unique_ptr<Server>> open(const ServerSettings& settings, Random& random,
                                              ServerEvents& events);
  Server(const ServerSettings& settings, Random& random, ServerEvents& events, Confined root,
         net::TcpListener listener);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<net::Endpoint> address() const { return listener_.local(); }
  /// Serves until STOP is asked; then ends the sessions.
  Result<void> run(std::stop_token stop);

 private:
  /// Whom a conversation is with.
  struct Caller {
    net::Endpoint peer;
    std::string reached;  ///< our address
    std::string binding;  ///< of the connection
  };
  struct Connection {
    std::jthread thread;
    std::atomic<bool> is_over{false};
  };

  void start(net::TcpStream stream);
  void handle(net::TcpStream stream);
  Result<void> greet(net::TcpStream& stream);
  Result<void> greet_clear(net::TcpStream& stream);
  static Result<void> turn_away(net::TcpStream& stream);
  Result<void> greet_sealed(net::TcpStream stream);
  Result<void> join_rail(net::TcpStream stream);
  void converse(std::unique_ptr<net::Stream> stream, const Caller& caller);
  void reap(bool all);

  ServerSettings settings_;
  Random& random_;
  ServerEvents& events_;
  Confined root_;
  net::TcpListener listener_;
  RailDesk desk_;
  fabric::Loader fabrics_;
  Compressors compressors_;
  std::stop_source stop_;
  std::atomic<std::size_t> sessions_{0};
  std::list<Connection> connections_;  ///< for the thread of `run` alone
};

}  // namespace cp::transfer
