// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a server is asked and what it answers, apart from the library that carries it.
namespace cp::net {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// A request as it came, nothing of which is believed. A passive value.
struct HttpRequest {
  std::string method;             ///< "GET"
  std::vector<std::string> path;  ///< its segments, decoded: a %2F stays inside of its segment
  HttpFields query;               ///< decoded, in order
  HttpFields headers;
  std::string body;
  IpAddress peer;

  /// The first header called NAME in any case, or null.
  const std::string* header(std::string_view name) const;
  /// The first query parameter called NAME, or null.
  const std::string* parameter(std::string_view name) const;
};

/// Fills path and query of REQUEST from TARGET, the request line's second word. bad_data for what
/// is no path, a percent sign without two hexadecimal digits, or more than 16 segments or
/// parameters.
Result<void> read_target(HttpRequest& request, std::string_view target);

/// TEXT as one segment of a path: all but letters, digits and "-._~" in percent form.
std::string percent_encoded(std::string_view text);

/// A body that is made while it is sent. Used on one thread.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  /// The next piece, at most a few hundred KiB and made in a few milliseconds, since other
  /// requests wait meanwhile; empty at the end. An error breaks the connection off, so that the
  /// reader does not take what it has for the whole.
  virtual Result<std::string> next() = 0;
};

struct HttpReply {
  int status = 200;
  HttpFields headers;
  std::string body;
  std::unique_ptr<HttpBody> stream;  ///< instead of `body`
  std::string who = {};              ///< whose request it was, for the log
  std::string why = {};              ///< what failed here, for the log
};

/// Answers requests; each thread of a server has one of its own.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// How many bytes of body are taken for a request with HEAD's method, path and headers; 0: none.
  virtual std::size_t body_limit(const HttpRequest& head) = 0;
  /// Never blocks for long: other connections of the thread wait.
  virtual HttpReply answer(const HttpRequest& request) = 0;
  /// The reply to a request that did not get as far: 400 (a target or framing that is none), 413
  /// (its body is too long) or 503 (too many bodies at once).
  virtual HttpReply refuse(int status) = 0;
};

}  // namespace cp::net
