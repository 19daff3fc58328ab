// SPDX-License-Identifier: Apache-2.0
#include "transfer/endpoint.hpp"

#include "base/text.hpp"
#include "net/host_port.hpp"

#include <fmt/format.h>

#include <optional>

namespace cp::transfer {
namespace {

constexpr std::string_view kScheme = "cpx://";

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a') + 10)
                                      : std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (!low) {
      return std::nullopt;
    }
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

Result<Location> parse_url(std::string_view text) {
  const std::string_view rest = text.substr(kScheme.size());
  const auto slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  const auto path = percent_decoded(slash == std::string_view::npos ? "/" : rest.substr(slash));
  if (!path || path->find('\0') != std::string::npos) {
    return fail(Errc::usage, "{} is no URL: a percent sign stands for itself as %25", text);
  }
  const auto host = net::parse_host_port(authority, default_port);
  if (!host || host->port == 0) {
    return fail(Errc::usage, "{} is no URL: cpx://HOST[:PORT]/PATH is wanted", text);
  }
  return Location{true, host->host, host->port, *path};
}

// As rsync and scp: a colon before the first slash.
bool names_a_host(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon != 0 && text.find('/') > colon;
}

}  // namespace

std::string Location::server() const {
  if (!is_remote) {
    return "";
  }
  return "cpx://" + net::HostPort{host, port}.to_string();
}

Result<Location> parse_location(std::string_view text) {
  if (text.empty()) {
    return fail(Errc::usage, "an empty path names nothing");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(Errc::usage, "a path holds no NUL byte");
  }
  if (text.starts_with(kScheme)) {
    return parse_url(text);
  }
  for (const std::string_view scheme : {"https://", "http://", "s3://", "cp:"}) {
    if (text.starts_with(scheme)) {
      return fail(Errc::unavailable, "{}: this cpxfer moves nothing to or from {}", text, scheme);
    }
  }
  if (names_a_host(text)) {
    return with_hint(fail(Errc::unavailable, "{}: this cpxfer moves nothing through ssh", text),
                     fmt::format("write ./{} if it is a file", text));
  }
  return Location{false, "", 0, std::string(text)};
}

}  // namespace cp::transfer
