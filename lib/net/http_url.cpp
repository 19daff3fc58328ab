// SPDX-License-Identifier: Apache-2.0
#include "net/http_url.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cp::net {

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  constexpr std::size_t kLongestUrl = 4096;
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (text.size() > kLongestUrl || !std::ranges::all_of(text, is_printable)) {
    return fail(Errc::usage, "a URL has blanks or control characters, or is too long");
  }
  HttpUrl url;
  const std::string scheme = text::lower(text.substr(0, std::min(text.find("://"), text.size())));
  if (scheme != "https" && scheme != "http") {
    return fail(Errc::usage, "{} is no https:// or http:// URL", text);
  }
  url.is_secure = scheme == "https";
  const std::string_view rest = text.substr(scheme.size() + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string authority = text::lower(rest.substr(0, slash));
  if (authority.find('@') != std::string::npos || rest.find('#') != std::string_view::npos ||
      rest.find('\\') != std::string_view::npos) {
    return fail(Errc::usage, "{} has a user, a fragment or a backslash in it", text);
  }
  CP_TRY_ASSIGN(url.host, parse_host_port(authority, url.is_secure ? 443 : 80));
  if (url.host.port == 0) {
    return fail(Errc::usage, "{} has port 0", text);
  }
  url.path = rest.substr(slash);
  if (!url.path.starts_with('/')) {
    url.path.insert(0, "/");
  }
  return url;
}

std::string HttpUrl::origin() const {
  return (is_secure ? "https://" : "http://") + host.to_string();
}

}  // namespace cp::net
