// SPDX-License-Identifier: Apache-2.0
#include "probe/target.hpp"

namespace cp::probe {
namespace {

constexpr std::string_view kScheme = "stamp://";

Result<net::HostPort> parse_host(std::string_view text, std::uint16_t fallback_port,
                                 std::string_view whole) {
  auto host = net::parse_host_port(text, fallback_port);
  if (!host) {
    return with_hint(tl::unexpected<Error>(host.error()),
                     "write stamp://HOST[:PORT], HOST[:PORT], a resource's code or its alias");
  }
  if (host->port == 0) {
    return fail(Errc::usage, "'{}' has no port from 1 to 65535", whole);
  }
  return host;
}

}  // namespace

Result<net::HostPort> parse_stamp_url(std::string_view url) {
  if (!url.starts_with(kScheme)) {
    return fail(Errc::usage, "'{}' is not a stamp:// URL", url);
  }
  return parse_host(url.substr(kScheme.size()), kStampPort, url);
}

Result<Target> parse_target(std::string_view text) {
  if (text.starts_with("cp:") || text.starts_with("@")) {
    return ResourceName{std::string(text)};
  }
  if (text.find("://") != std::string_view::npos) {
    CP_TRY_ASSIGN(net::HostPort host, parse_stamp_url(text));
    return host;
  }
  CP_TRY_ASSIGN(net::HostPort host, parse_host(text, kOwnPort, text));
  return host;
}

std::string to_url(const net::HostPort& host) { return std::string(kScheme) + host.to_string(); }

}  // namespace cp::probe
