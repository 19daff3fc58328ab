// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "net/address.hpp"
#include "net/http_message.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::net {

/// A request that has ended.
struct HttpServed {
  const HttpRequest& request;
  int status = 0;           ///< 0: broken off before a reply
  std::uint64_t bytes = 0;  ///< of the reply's body
  std::chrono::nanoseconds duration{};
  std::string_view who;   ///< as HttpReply::who
  std::string_view why;   ///< as HttpReply::why
  bool is_whole = false;  ///< the reply went out to its end
};

struct HttpSettings {
  Endpoint listen;          ///< port 0 takes a free one
  std::string certificate;  ///< PEM, the chain; with `key`: TLS. Empty: clear text
  std::string key;          ///< PEM
  std::size_t threads = 2;
  std::size_t connections = 4096;
  std::size_t connections_per_address = 256;  ///< of one IPv4 address or IPv6 /64
  /// Replies that are made while they are sent, of all and of one address: the next get a 503.
  std::size_t streams = 64;
  std::size_t streams_per_address = 8;
  /// From the connection's start, or the end of the last reply, to the end of a request's headers:
  /// absolute, so that nobody holds a connection by a byte now and then.
  std::chrono::seconds header_deadline{20};
  std::chrono::seconds body_deadline{30};   ///< from there to the end of the body, absolute
  std::chrono::seconds reply_deadline{60};  ///< for a reply, or each piece of a streamed one
  std::size_t body_bytes = 64U << 20U;      ///< of all bodies on their way in at once
  /// How long a server that stops, and one that has another certificate now, lets go on what is
  /// under way.
  std::chrono::seconds drain{10};
  std::chrono::seconds renewal_drain{300};
  /// Called after each request, on the thread that has answered it.
  std::function<void(const HttpServed&)> log;
};

/// What a server has done, for its metrics. Safe on any thread.
struct HttpCounts {
  std::atomic<std::int64_t> open{0};        ///< connections now
  std::atomic<std::int64_t> accepted{0};    ///< connections so far
  std::atomic<std::int64_t> crowded{0};     ///< refused: too many of one address
  std::atomic<std::int64_t> held_off{0};    ///< streams refused: too many, or of one address
  std::atomic<std::int64_t> overdue{0};     ///< broken off at a deadline
  std::atomic<std::int64_t> body_bytes{0};  ///< of bodies on their way in now
};

class HttpWorker;
struct HostLimits;

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

  /// Serves until STOP is asked, then takes nothing new, ends what is under way, and breaks off
  /// what takes longer than `drain`.
  Result<void> run(std::stop_token stop);

  /// From now on new connections get CERTIFICATE with KEY; those that are there go on as they are.
  /// An error as `open`, and nothing has changed. On any thread, while `run` runs.
  Result<void> renew(std::string certificate, std::string key);

 private:
  struct Crew;
  HttpServer(HttpSettings settings, MakeHandler make_handler, const Clock& clock,
             std::shared_ptr<HttpCounts> counts);
  Result<std::unique_ptr<Crew>> hire();
  void start(Crew& crew);

  HttpSettings settings_;
  MakeHandler make_handler_;
  const Clock& clock_;
  std::shared_ptr<HttpCounts> counts_;
  std::unique_ptr<HostLimits> hosts_;
  UniqueFd socket_;
  Endpoint address_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unique_ptr<Crew> next_;  // takes over
  bool has_failed_ = false;
  std::vector<std::unique_ptr<Crew>> crews_;
};

}  // namespace cp::net
