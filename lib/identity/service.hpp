// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "identity/intake.hpp"
#include "identity/registry_view.hpp"
#include "identity/service_counts.hpp"
#include "identity/status_board.hpp"
#include "net/http_message.hpp"
#include "net/http_server.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace cp::identity {

/// Answers a registry's requests over HTTP (cpid(1), SERVING). Documents come as they were signed;
/// whoever reads them verifies them. Several objects, and other processes, may use one store. For
/// one thread.
class RegistryService final : public net::HttpHandler {
 public:
  struct Options {
    std::chrono::seconds ttl{300};        ///< how long a reader may keep what he got
    std::chrono::seconds absent_ttl{10};  ///< and that there was nothing
    bool is_private = false;              ///< readers need a token, too: a grant `read`
    IntakeLimits limits;
  };

  /// ESTATE has an accepted authority. LIMITER and BOARD are those of all threads.
  RegistryService(std::unique_ptr<Estate> estate, Options options,
                  std::shared_ptr<RateLimiter> limiter, std::shared_ptr<StatusBoard> board,
                  std::shared_ptr<ServiceCounts> counts,
                  std::shared_ptr<const net::HttpCounts> carried);

  std::size_t body_limit(const net::HttpRequest& head) override;
  net::HttpReply answer(const net::HttpRequest& request) override;
  net::HttpReply refuse(int status) override;

 private:
  using Reply = Result<net::HttpReply>;

  Reply reply_to(Route to, const net::HttpRequest& request);
  Reply route(Route route, const net::HttpRequest& request);
  Reply bootstrap(const net::HttpRequest& request);
  Reply chain(const net::HttpRequest& request);
  Reply by_code(const net::HttpRequest& request);
  Reply by_alias(const net::HttpRequest& request);
  Reply by_foreign_code(const net::HttpRequest& request);
  Reply by_codes(const net::HttpRequest& request, const std::vector<std::string>& codes);
  Reply state(const net::HttpRequest& request);
  std::optional<Reply> may_not_read(const net::HttpRequest& request);
  Reply refusal(const Refused& why, const net::HttpRequest& request) const;
  Reply put(Route route, const net::HttpRequest& request);
  net::HttpReply page();
  net::HttpReply metrics();
  Reply search(const net::HttpRequest& request);
  Reply feed(const net::HttpRequest& request);

  net::HttpReply record_reply(const net::HttpRequest& request, const StoredDocument& record,
                              const std::string& tag) const;
  net::HttpReply absent(std::string message) const;
  Reply refer(const Referral& referral, const net::HttpRequest& request) const;
  net::HttpReply error_reply(int status, const Error& error) const;
  /// The same, less what only whoever runs the registry may know.
  net::HttpReply failure(int status, const Error& error) const;

  std::unique_ptr<Estate> estate_;
  RegistryView view_;
  std::shared_ptr<RateLimiter> limiter_;
  std::shared_ptr<StatusBoard> board_;
  Options options_;
  Intake intake_;
  std::shared_ptr<ServiceCounts> counts_;
  std::shared_ptr<const net::HttpCounts> carried_;
};

}  // namespace cp::identity
