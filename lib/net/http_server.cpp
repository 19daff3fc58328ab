// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.hpp"

#include "net/http_worker.hpp"
#include "net/tcp_listener.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <thread>

namespace cp::net {

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpSettings& settings,
                                                     const MakeHandler& make_handler,
                                                     const Clock& clock,
                                                     std::shared_ptr<HttpCounts> counts) {
  std::unique_ptr<HttpServer> server(new HttpServer);
  CP_TRY_ASSIGN(auto listener, TcpListener::bind(settings.listen));
  CP_TRY_ASSIGN(server->address_, listener.local());
  const auto addresses = std::make_shared<AddressCounts>(settings.connections_per_address);
  const UniqueFd socket = std::move(listener).release();
  for (std::size_t i = 0; i < std::max<std::size_t>(settings.threads, 1); ++i) {
    UniqueFd own(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 3));
    if (!own) {
      return fail_errno(errno, "cannot listen");
    }
    CP_TRY_ASSIGN(auto handler, make_handler());
    CP_TRY_ASSIGN(auto worker, HttpWorker::start(settings, std::move(own), std::move(handler),
                                                 clock, counts, addresses));
    server->workers_.push_back(std::move(worker));
  }
  return server;
}

Result<void> HttpServer::run(std::stop_token stop) {
  std::stop_source all;
  const std::stop_callback forward(stop, [&all] { all.request_stop(); });
  std::vector<Result<void>> results(workers_.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      threads.emplace_back([&, i] {
        results[i] = workers_[i]->run(all.get_token());
        all.request_stop();
      });
    }
  }
  for (const auto& result : results) {
    CP_TRY(result);
  }
  return {};
}

}  // namespace cp::net
