// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"
#include "net/allow_net.hpp"
#include "net/http_message.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::net {

/// One request to a server.
struct HttpCall {
  std::string method = "GET";
  std::string url;
  HttpFields headers;
  std::string body;
  /// For all of it, from the look-up of the name on.
  std::chrono::milliseconds timeout{10'000};
  /// A streamed body may take longer than that as long as a thousand bytes come in ten seconds.
  bool is_long = false;
  std::size_t most_bytes = limits::document_bytes;  ///< of the body
  /// "sha256:" and the SHA-256 of the server's public key (SubjectPublicKeyInfo) in hexadecimal:
  /// that key, instead of what any authority says.
  std::string tls_key;
};

/// What the server answered, whatever its status. Nothing of it is believed.
struct HttpAnswer {
  int status = 0;
  HttpFields headers;  ///< names in lower case
  std::string body;    ///< empty when it was streamed

  /// The first header called NAME (lower case), or null.
  const std::string* header(std::string_view name) const;
};

/// Asks servers over libcurl (SECURITY §4): https, and http to loopback addresses alone; the
/// connected address must be allowed, the certificate be vouched for by the system's authorities,
/// those of `authorities`, or be the one that was pinned; no redirect is followed, no proxy, no
/// .netrc, no cookie. Headers, body and time are bounded. Connections are kept for the next call.
/// libcurl is opened by the first call. For one thread.
class HttpClient {
 public:
  struct Settings {
    /// A file of certificates (PEM) instead of the system's; empty: the system's.
    std::string authorities;
    AllowNet allow_net;
    /// Origins (HttpUrl::origin) that the user has named himself: any address is allowed there.
    std::vector<std::string> own_origins;
  };

  explicit HttpClient(Settings settings);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// The answer to CALL. unavailable when there is no connection, timed_out, denied for an address
  /// that is not allowed and for a certificate that is not vouched for, protocol for what is no
  /// HTTP, bad_data for a body that is too long, usage for a URL that is none.
  Result<HttpAnswer> ask(const HttpCall& call, std::stop_token stop = {});

  /// Takes the next piece of a body; an error ends the call with it.
  using Sink = std::function<Result<void>(std::string_view piece)>;
  /// As `ask`, but gives the body of a 200 to SINK piece by piece.
  Result<HttpAnswer> stream(const HttpCall& call, const Sink& sink, std::stop_token stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cp::net
