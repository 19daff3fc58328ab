// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/address.hpp"
#include "net/http_message.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::net {

struct HttpSettings {
  Endpoint listen;          ///< port 0 takes a free one
  std::string certificate;  ///< PEM, the chain; with `key`: TLS. Empty: clear text
  std::string key;          ///< PEM
  std::size_t threads = 2;
  std::size_t connections = 4096;
  std::size_t connections_per_address = 256;  ///< of one IPv4 address or IPv6 /64
  /// From the connection's start, or the end of the last reply, to the end of a request's headers:
  /// absolute, so that nobody holds a connection by a byte now and then.
  std::chrono::seconds header_deadline{20};
  std::chrono::seconds body_deadline{30};   ///< from there to the end of the body, absolute
  std::chrono::seconds reply_deadline{60};  ///< for a reply, or each piece of a streamed one
  std::size_t body_bytes = 64U << 20U;      ///< of all bodies on their way in at once
};

/// What a server has done, for its metrics. Safe on any thread.
struct HttpCounts {
  std::atomic<std::int64_t> open{0};        ///< connections now
  std::atomic<std::int64_t> accepted{0};    ///< connections so far
  std::atomic<std::int64_t> crowded{0};     ///< refused: too many of one address
  std::atomic<std::int64_t> overdue{0};     ///< broken off at a deadline
  std::atomic<std::int64_t> body_bytes{0};  ///< of bodies on their way in now
};

class HttpWorker;

/// An HTTP/1.1 server over libmicrohttpd: a few threads, each with its own handler and event loop,
/// on one listening socket. Headers are bounded (limits::http_header_bytes), bodies as the handler
/// says, connections in all and by address, and everything has an absolute deadline.
class HttpServer {
 public:
  using MakeHandler = std::function<Result<std::unique_ptr<HttpHandler>>()>;

  /// Listens from now on; MAKE_HANDLER is called once for each thread. COUNTS may be shared with
  /// the handlers. denied for a port that needs a privilege, unavailable when the address is taken
  /// or libmicrohttpd is not here, bad_config for a certificate and key that do not fit.
  static Result<std::unique_ptr<HttpServer>> open(const HttpSettings& settings,
                                                  const MakeHandler& make_handler,
                                                  const Clock& clock,
                                                  std::shared_ptr<HttpCounts> counts);
  ~HttpServer();

  const Endpoint& address() const { return address_; }

  /// Serves until STOP is asked, then breaks off what is under way.
  Result<void> run(std::stop_token stop);

 private:
  HttpServer() = default;

  Endpoint address_;
  std::vector<std::unique_ptr<HttpWorker>> workers_;
};

}  // namespace cp::net
