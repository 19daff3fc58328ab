// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/http_server.hpp"

#include <map>
#include <mutex>

namespace cp::net {

/// How many connections each address has. Safe on any thread.
class AddressCounts {
 public:
  explicit AddressCounts(std::size_t limit) : limit_(limit) {}
  bool has_room(const IpAddress& address) const;
  void add(const IpAddress& address);
  void remove(const IpAddress& address);

 private:
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::map<IpAddress, std::size_t> counts_;
};

/// One thread's share of an HttpServer.
class HttpWorker {
 public:
  /// Takes connections from LISTENER, its own descriptor of the shared socket.
  static Result<std::unique_ptr<HttpWorker>> start(const HttpSettings& settings, UniqueFd listener,
                                                   std::unique_ptr<HttpHandler> handler,
                                                   const Clock& clock,
                                                   std::shared_ptr<HttpCounts> counts,
                                                   std::shared_ptr<AddressCounts> addresses);
  ~HttpWorker();

  /// Serves on this thread until LEAVE is asked, then takes no new connection and ends what is
  /// under way: within settings.renewal_drain, or settings.drain once HURRY is asked.
  Result<void> run(const std::stop_token& leave, const std::stop_token& hurry);

 private:
  Result<void> turn();
  Result<void> drain(const std::stop_token& hurry);

  struct State;
  explicit HttpWorker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cp::net
