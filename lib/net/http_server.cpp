// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.hpp"

#include "net/http_worker.hpp"
#include "net/tcp_listener.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <thread>

namespace cp::net {

// The workers of one certificate.
struct HttpServer::Crew {
  std::vector<std::unique_ptr<HttpWorker>> workers;
  std::stop_source leave;  // takes nothing new, and ends what it has
  std::stop_source hurry;
  std::vector<Result<void>> results;
  std::vector<std::jthread> threads;
};

HttpServer::HttpServer(HttpSettings settings, MakeHandler make_handler, const Clock& clock,
                       std::shared_ptr<HttpCounts> counts)
    : settings_(std::move(settings)),
      make_handler_(std::move(make_handler)),
      clock_(clock),
      counts_(std::move(counts)),
      hosts_(std::make_unique<HostLimits>(HostLimits{
          std::make_shared<AddressCounts>(settings_.connections_per_address),
          std::make_shared<AddressCounts>(settings_.streams_per_address, settings_.streams)})) {}

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpSettings& settings,
                                                     const MakeHandler& make_handler,
                                                     const Clock& clock,
                                                     std::shared_ptr<HttpCounts> counts) {
  std::unique_ptr<HttpServer> server(
      new HttpServer(settings, make_handler, clock, std::move(counts)));
  CP_TRY_ASSIGN(auto listener, TcpListener::bind(settings.listen));
  CP_TRY_ASSIGN(server->address_, listener.local());
  server->socket_ = std::move(listener).release();
  CP_TRY_ASSIGN(auto crew, server->hire());
  server->crews_.push_back(std::move(crew));
  return server;
}

Result<std::unique_ptr<HttpServer::Crew>> HttpServer::hire() {
  auto crew = std::make_unique<Crew>();
  for (std::size_t i = 0; i < std::max<std::size_t>(settings_.threads, 1); ++i) {
    UniqueFd own(::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 3));
    if (!own) {
      return fail_errno(errno, "cannot listen");
    }
    CP_TRY_ASSIGN(auto handler, make_handler_());
    CP_TRY_ASSIGN(auto worker, HttpWorker::start(settings_, std::move(own), std::move(handler),
                                                 clock_, counts_, *hosts_));
    crew->workers.push_back(std::move(worker));
  }
  return crew;
}

Result<void> HttpServer::renew(std::string certificate, std::string key) {
  const std::scoped_lock lock(mutex_);
  std::swap(settings_.certificate, certificate);
  std::swap(settings_.key, key);
  auto crew = hire();
  if (!crew) {
    settings_.certificate = std::move(certificate);
    settings_.key = std::move(key);
    return tl::unexpected<Error>(crew.error());
  }
  next_ = *std::move(crew);
  changed_.notify_all();
  return {};
}

void HttpServer::start(Crew& crew) {
  crew.results.resize(crew.workers.size());
  for (std::size_t i = 0; i < crew.workers.size(); ++i) {
    crew.threads.emplace_back([this, &crew, i] {
      crew.results[i] = crew.workers[i]->run(crew.leave.get_token(), crew.hurry.get_token());
      if (!crew.results[i]) {
        const std::scoped_lock lock(mutex_);
        has_failed_ = true;
        changed_.notify_all();
      }
    });
  }
}

Result<void> HttpServer::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  start(*crews_.back());
  while (!stop.stop_requested() && !has_failed_) {
    changed_.wait(lock, stop, [this] { return next_ || has_failed_; });
    if (next_) {
      start(*next_);
      crews_.back()->leave.request_stop();
      crews_.push_back(std::move(next_));
    }
  }
  lock.unlock();
  for (const auto& crew : crews_) {
    crew->hurry.request_stop();
    crew->leave.request_stop();
  }
  for (const auto& crew : crews_) {
    crew->threads.clear();
  }
  for (const auto& crew : crews_) {
    for (const auto& result : crew->results) {
      CP_TRY(result);
    }
  }
  return {};
}

}  // namespace cp::net
