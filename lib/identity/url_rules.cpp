// SPDX-License-Identifier: Apache-2.0
#include "identity/url_rules.hpp"

#include "base/text.hpp"
#include "identity/registry_client.hpp"
#include "model/json.hpp"
#include "net/address.hpp"
#include "net/http_url.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::identity {
namespace {

constexpr std::array<std::string_view, 14> kLaunchSchemes{"local",
                                                          "exec",
                                                          "ssh",
                                                          "slurm",
                                                          "slurm+ssh",
                                                          "slurmrestd+unix",
                                                          "slurmrestd+https",
                                                          "slurmrestd+http",
                                                          "gridengine",
                                                          "gridengine+ssh",
                                                          "arc+https",
                                                          "k8s",
                                                          "tes+https",
                                                          "tes+http"};
constexpr std::array<std::string_view, 3> kScripts{"javascript", "data", "vbscript"};
constexpr std::string_view kWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.front() != '.' &&
         text.find_first_not_of(kWord) == std::string_view::npos;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    return text.size() > 2 &&
           text.find_first_not_of("0123456789abcdefABCDEF:.", 1) == text.size() - 1;
  }
  return is_name(text);
}

bool is_port(std::string_view text) {
  const auto port = text::to_int(text);
  return port && *port >= 1 && *port <= 65535;
}

// "[user@]host[:port]"
Result<void> check_authority(std::string_view authority) {
  if (const auto parts = text::cut_last(authority, '@')) {
    if (!is_name(parts->before)) {
      return fail(Errc::bad_data, "'{}' is no user's name", parts->before);
    }
    authority = parts->after;
  }
  const auto parts = authority.ends_with(']') ? std::nullopt : text::cut_last(authority, ':');
  if (parts && !is_port(parts->after)) {
    return fail(Errc::bad_data, "'{}' is no port", parts->after);
  }
  const std::string_view host = parts ? parts->before : authority;
  if (!is_host(host)) {
    return fail(Errc::bad_data, "'{}' is no host", host);
  }
  return {};
}

bool needs_host(std::string_view scheme) {
  return scheme.ends_with("ssh") || scheme.ends_with("+https") || scheme.ends_with("+http");
}

Result<void> check_scheme(std::string_view scheme, bool is_launch) {
  if (is_launch && std::ranges::find(kLaunchSchemes, scheme) == kLaunchSchemes.end()) {
    return with_hint(
        fail(Errc::bad_data, "nothing is launched by '{}:'", scheme),
        text::join(std::vector<std::string>(kLaunchSchemes.begin(), kLaunchSchemes.end()), ", "));
  }
  if (std::ranges::find(kScripts, text::lower(scheme)) != kScripts.end()) {
    return fail(Errc::bad_data, "'{}:' names no place", scheme);
  }
  return {};
}

bool is_on_this_machine(const std::string& host) {
  const auto address = net::IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

Result<void> check_registry_url(const std::string& url) {
  if (url.empty()) {
    return fail(Errc::usage, "the URL of a registry is empty");
  }
  CP_TRY_ASSIGN(const std::string base, registry_url(url));
  CP_TRY_ASSIGN(const net::HttpUrl parsed, net::HttpUrl::parse(base));
  return parsed.is_secure || is_on_this_machine(parsed.host.host)
             ? Result<void>{}
             : fail(Errc::usage, "{}: without TLS registries are asked on this machine alone", url);
}

}  // namespace

Result<void> check_registry_urls(std::span<const std::string> urls) {
  for (const std::string& url : urls) {
    CP_TRY(check_registry_url(url));
  }
  return {};
}

Result<void> check_asked_registries(const model::Json& request) {
  const model::Json* list = model::find(request, "registries");
  if (list == nullptr) {
    return {};
  }
  if (!list->is_array()) {
    return fail(Errc::bad_data, "registries is no array of URLs");
  }
  for (const model::Json& one : *list) {
    const auto fits = one.is_string() ? check_registry_url(one.get<std::string>())
                                      : Result<void>(fail(Errc::usage, "it is no text"));
    if (!fits) {
      return with_hint(fail(Errc::bad_data, "registries: {}", fits.error().message),
                       "the child asks anew by cpid renew --registry URL");
    }
  }
  return {};
}

Result<void> check_url(std::string_view url, bool is_launch) {
  const auto parts = text::cut(url, ':');
  if (!parts) {
    return fail(Errc::bad_data, "'{}' is no URL", url);
  }
  const std::string_view scheme = parts->before;
  CP_TRY(check_scheme(scheme, is_launch));
  if (!parts->after.starts_with("//")) {
    return needs_host(scheme) ? fail(Errc::bad_data, "'{}' names no host behind //", url)
                              : Result<void>{};
  }
  const std::string_view rest = parts->after.substr(2);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  return authority.empty() && !needs_host(scheme) ? Result<void>{} : check_authority(authority);
}

}  // namespace cp::identity
