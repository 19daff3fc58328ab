// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/host_port.hpp"

#include <string>
#include <string_view>

namespace cp::net {

/// The URL of an HTTP server, taken apart; a plain value.
struct HttpUrl {
  bool is_secure = true;
  HostPort host;
  std::string path;  ///< with the query, begins with a slash

  /// The URL in TEXT. usage for what is none of http:// and https://, has a user in it, a fragment,
  /// blanks or control characters, or is longer than 4 KiB. The host is in lower case.
  static Result<HttpUrl> parse(std::string_view text);
  /// "https://registry.example:7030": what may not change in a redirect. The usual port is said,
  /// too.
  std::string origin() const;
  std::string to_string() const { return origin() + path; }
};

}  // namespace cp::net
