// SPDX-License-Identifier: Apache-2.0
#include "net/host_port.hpp"

#include "base/text.hpp"
#include "net/sockaddr.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>

namespace cp::net {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, as text

bool is_host_name(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kLongestName && is_plain(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_plain(c) || c == '.' || c == '-'; });
}

struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

// An address of IPv6 has colons of its own: it stands in brackets when a port follows.
std::optional<Parts> split_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') {
      return std::nullopt;
    }
    return Parts{text.substr(1, end - 1),
                 rest.empty() ? std::nullopt : std::optional(rest.substr(1))};
  }
  if (std::ranges::count(text, ':') == 1) {
    const auto cut = text::cut(text, ':');
    return Parts{cut->before, cut->after};
  }
  return Parts{text, std::nullopt};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

tl::unexpected<Error> resolver_error(int code, const std::string& host) {
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_FAIL:
      return fail(Errc::not_found, "{}: there is no such host", host);
    case EAI_AGAIN:
      return fail(Errc::timed_out, "{}: no name server answers", host);
    case EAI_SYSTEM:
      return fail_errno(errno, host);
    default:
      return fail(Errc::unavailable, "{}: {}", host, ::gai_strerror(code));
  }
}

Result<AddressList> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    return resolver_error(code, host);
  }
  return AddressList(list);
}

}  // namespace

std::string HostPort::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t fallback_port) {
  const auto parts = split_port(text);
  if (!parts || !(is_host_name(parts->host) || IpAddress::parse(parts->host))) {
    return fail(Errc::usage, "'{}' is not a host", text);
  }
  std::uint16_t port = fallback_port;
  if (parts->port) {
    const auto number = text::to_uint(*parts->port);
    if (!number || *number > 65535) {
      return fail(Errc::usage, "'{}' has no port from 0 to 65535", text);
    }
    port = static_cast<std::uint16_t>(*number);
  }
  return HostPort{std::string(parts->host), port};
}

Result<std::vector<Endpoint>> resolve(const HostPort& host) {
  if (const auto literal = IpAddress::parse(host.host)) {
    return std::vector<Endpoint>{Endpoint{*literal, host.port}};
  }
  CP_TRY_ASSIGN(const AddressList list, look_up(host.host));
  std::vector<Endpoint> out;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    if (auto endpoint = to_endpoint(address)) {
      endpoint->port = host.port;
      out.push_back(*endpoint);
    }
  }
  if (out.empty()) {
    return fail(Errc::not_found, "{}: has no IP address", host.host);
  }
  return out;
}

}  // namespace cp::net
