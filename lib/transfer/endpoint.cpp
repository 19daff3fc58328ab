// SPDX-License-Identifier: Apache-2.0
#include "transfer/endpoint.hpp"

#include "base/text.hpp"
#include "net/host_port.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  return Location{Place::daemon, host->host, host->port, *path};
}

// Where the host of [user@]host:path ends; an address of IPv6 in brackets has colons of its own.
std::optional<std::size_t> end_of_host(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const auto bracket = first.find('[');
  const bool begins_host =
      bracket == 0 || (bracket != std::string_view::npos && first[bracket - 1] == '@');
  const auto closed = begins_host ? first.find("]:") : std::string_view::npos;
  const auto colon = closed != std::string_view::npos ? closed + 1 : first.find(':');
  return colon == 0 || colon == std::string_view::npos ? std::nullopt : std::optional(colon);
}

// What the login shell would make of a path: ours is told by standard input, and no shell sees it.
std::string far_path(std::string_view path) {
  if (path == "~" || path == "~/" || path.empty()) {
    return ".";
  }
  if (path.starts_with("~/")) {
    path.remove_prefix(std::min(path.find_first_not_of('/', 1), path.size()));
    return path.empty() ? "." : std::string(path);
  }
  return std::string(path);
}

Result<Location> parse_far(std::string_view text, std::size_t colon) {
  const std::string_view path = text.substr(colon + 1);
  auto login = net::parse_ssh_host(text.substr(0, colon));
  if (!login) {
    return with_hint(tl::unexpected<Error>(login.error()),
                     fmt::format("write ./{} if it is a file", text));
  }
  if (path.starts_with(':')) {
    return fail(Errc::unavailable, "{}: this cpxfer speaks to no daemon of rsync", text);
  }
  return Location{Place::ssh, "", 0, far_path(path), *std::move(login)};
}

}  // namespace

std::string Location::server() const {
  switch (kind) {
    case Place::here:
    case Place::stream:
      return "";
    case Place::daemon:
      return "cpx://" + net::HostPort{host, port}.to_string();
    case Place::ssh:
      return login.to_string();
  }
  return "";
}

std::string Location::operand() const {
  switch (kind) {
    case Place::stream:
      return "-";
    case Place::daemon:
      return server() + text::replace_all(path, "%", "%25");
    case Place::ssh:
      return prefix() + (path.starts_with('~') || path.starts_with(':') ? "./" : "") + path;
    case Place::here:
      break;
  }
  const auto read = parse_location(path);
  return (read && *read == *this ? "" : "./") + path;
}

std::string Location::prefix() const { return kind == Place::ssh ? server() + ":" : server(); }

Result<Location> parse_location(std::string_view text) {
  if (text.empty()) {
    return fail(Errc::usage, "an empty path names nothing");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(Errc::usage, "a path holds no NUL byte");
  }
  if (text == "-") {
    return Location{Place::stream, "", 0, "-"};
  }
  if (text.starts_with(kScheme)) {
    return parse_url(text);
  }
  for (const std::string_view scheme : {"https://", "http://", "s3://", "cp:"}) {
    if (text::equal_ignoring_case(text.substr(0, scheme.size()), scheme)) {
      return fail(Errc::unavailable, "{}: this cpxfer moves nothing to or from {}", text, scheme);
    }
  }
  if (const auto colon = end_of_host(text)) {
    return parse_far(text, *colon);
  }
  return Location{Place::here, "", 0, std::string(text)};
}

}  // namespace cp::transfer
