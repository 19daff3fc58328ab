// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/address_counts.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace cp::net {

/// What one host may have of a server, counted over all of its threads.
struct HostLimits {
  std::shared_ptr<AddressCounts> connections;
  std::shared_ptr<AddressCounts> streams;  ///< replies that are made while they are sent
};

/// One thread's share of an HttpServer.
class HttpWorker {
 public:
  /// Takes connections from LISTENER, its own descriptor of the shared socket.
  static Result<std::unique_ptr<HttpWorker>> start(const HttpSettings& settings, UniqueFd listener,
                                                   std::unique_ptr<HttpHandler> handler,
                                                   const Clock& clock,
                                                   std::shared_ptr<HttpCounts> counts,
                                                   HostLimits hosts);
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
