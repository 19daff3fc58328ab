// SPDX-License-Identifier: Apache-2.0
#include "net/ssh.hpp"

#include "base/file.hpp"
#include "base/paths.hpp"
#include "base/text.hpp"
#include "net/address.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace cp::net {
namespace {

constexpr int kKeptSeconds = 60;
constexpr std::size_t kLongestWord = 253;  // RFC 1035 §2.3.4, as text
// ssh binds to the name with a dot and 16 characters behind it first (mux.c, muxserver_listen).
constexpr std::size_t kLongestControlPath = 100 - 17;

bool is_word(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kLongestWord && is_plain(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_plain(c) || c == '.' || c == '-'; });
}

std::optional<std::string> host_in(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto address = IpAddress::parse(text.substr(1, text.size() - 2));
    return address && address->family == Family::ipv6 ? std::optional(address->to_string())
                                                      : std::nullopt;
  }
  return is_word(text) ? std::optional<std::string>(text) : std::nullopt;
}

void add_host(std::vector<std::string>& words, const SshHost& host) {
  if (host.port != 0) {
    words.emplace_back("-p");
    words.push_back(std::to_string(host.port));
  }
  if (!host.user.empty()) {
    words.emplace_back("-l");
    words.push_back(host.user);
  }
  words.emplace_back("--");
  words.push_back(host.host);
}

struct Sign {
  std::string_view text;
  Errc means;
};

// What OpenSSH says, in the order in which they are looked for.
constexpr std::array kSigns{
    Sign{"Could not resolve hostname", Errc::not_found},
    Sign{"Name or service not known", Errc::not_found},
    Sign{"Host key verification failed", Errc::denied},
    Sign{"REMOTE HOST IDENTIFICATION HAS CHANGED", Errc::denied},
    Sign{"Permission denied", Errc::denied},
    Sign{"Too many authentication failures", Errc::denied},
    Sign{"Bad configuration option", Errc::bad_config},
    Sign{"Bad owner or permissions", Errc::bad_config},
    Sign{"Can't open user config file", Errc::bad_config},
    Sign{"Connection timed out", Errc::timed_out},
    Sign{"kex_exchange_identification", Errc::timed_out},
    Sign{"Session open refused", Errc::timed_out},
    Sign{"Connection reset by", Errc::timed_out},
    Sign{"Connection closed by", Errc::timed_out},
};

}  // namespace

std::string SshHost::to_string() const {
  std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != 0) {
    shown += ":" + std::to_string(port);
  }
  return user.empty() ? shown : user + "@" + shown;
}

Result<SshHost> parse_ssh_host(std::string_view text) {
  const auto cut = text::cut_last(text, '@');
  const auto host = host_in(cut ? cut->after : text);
  if (!host || (cut && !is_word(cut->before))) {
    return fail(Errc::usage, "'{}' is no host for ssh: [USER@]HOST is wanted", text);
  }
  return SshHost{std::string(cut ? cut->before : ""), *host, 0};
}

Result<SshHost> parse_ssh_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) {
    return parse_ssh_host(text);
  }
  const auto port = text::to_int(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) {
    return fail(Errc::usage, "'{}' is no port", text.substr(colon + 1));
  }
  CP_TRY_ASSIGN(SshHost host, parse_ssh_host(text.substr(0, colon)));
  host.port = static_cast<std::uint16_t>(*port);
  return host;
}

Result<std::vector<std::string>> parse_ssh_command(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : text::split(text, ' ')) {
    if (!word.empty()) {
      words.emplace_back(word);
    }
  }
  if (words.empty()) {
    return fail(Errc::usage, "the command for ssh is empty");
  }
  return words;
}

std::string ssh_control_path(const SshSettings& settings, std::string_view unique) {
  if (settings.socket_directory.empty()) {
    return "";
  }
  std::string path = path_join(settings.socket_directory, unique);
  const bool fits = path.size() <= kLongestControlPath &&
                    make_private_directory(settings.socket_directory).has_value();
  return fits ? path : "";
}

// The first value that ssh hears for an option counts, so ours stand before the user's.
std::vector<std::string> ssh_command_line(const SshSettings& settings, const SshHost& host,
                                          SshSharing sharing, const std::string& control_path,
                                          std::string_view command) {
  std::vector<std::string> words{settings.command.front()};
  const auto set = [&](std::string_view option) {
    words.emplace_back("-o");
    words.emplace_back(option);
  };
  for (const char* option : {"ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes",
                             "PermitLocalCommand=no", "Tunnel=no"}) {
    set(option);
  }
  const bool may_ask = sharing == SshSharing::master || sharing == SshSharing::kept;
  if (!settings.may_prompt || !may_ask) {
    set("BatchMode=yes");
  }
  const bool shares = sharing != SshSharing::own && !control_path.empty();
  set(!shares || sharing == SshSharing::shared ? "ControlMaster=no"
      : sharing == SshSharing::kept            ? "ControlMaster=auto"
                                               : "ControlMaster=yes");
  set(shares ? "ControlPath=" + control_path : "ControlPath=none");
  if (shares) {
    set(sharing == SshSharing::kept ? fmt::format("ControlPersist={}", kKeptSeconds)
                                    : "ControlPersist=no");
  }
  if (sharing == SshSharing::kept) {
    // A master whose peer is gone would let everybody wait who goes through it.
    set("ServerAliveInterval=10");
    set("ServerAliveCountMax=3");
  }
  words.insert(words.end(), settings.command.begin() + 1, settings.command.end());
  words.emplace_back("-T");
  add_host(words, host);
  words.emplace_back(command);
  return words;
}

std::vector<std::string> ssh_stop_line(const SshSettings& settings, const SshHost& host,
                                       const std::string& control_path) {
  std::vector<std::string> words{settings.command.front(), "-o", "ControlPath=" + control_path};
  words.insert(words.end(), settings.command.begin() + 1, settings.command.end());
  words.emplace_back("-O");
  words.emplace_back("stop");
  add_host(words, host);
  return words;
}

std::string ssh_advice(const SshHost& host, std::string_view last_words) {
  const auto says = [&](std::string_view text) {
    return last_words.find(text) != std::string_view::npos;
  };
  const std::string port = host.port == 0 ? "" : fmt::format("-p {} ", host.port);
  const std::string login = host.user.empty() ? host.host : host.user + "@" + host.host;
  if (says("HOST IDENTIFICATION HAS CHANGED")) {
    const std::string known =
        host.port == 0 ? host.host : fmt::format("[{}]:{}", host.host, host.port);
    return fmt::format(
        "its key is another than before: ask whoever runs it, and then 'ssh-keygen -R {}'", known);
  }
  if (says("Host key verification failed")) {
    return fmt::format("its key is not known here: 'ssh {}{}' once by hand shows it", port, login);
  }
  if (says("Permission denied") || says("Too many authentication failures")) {
    return fmt::format(
        "'ssh {}{}' has to log in without a question: 'ssh-copy-id {}{}' brings your "
        "key there, 'ssh-add' opens it here",
        port, login, port, login);
  }
  if (says("Could not resolve") || says("Name or service not known")) {
    return "is the name right? names of your own stand in ~/.ssh/config";
  }
  return fmt::format("'ssh -v {}{}' shows how far it gets", port, login);
}

Errc ssh_failure(std::string_view last_words) {
  const auto* const sign = std::ranges::find_if(
      kSigns, [&](const Sign& one) { return last_words.find(one.text) != std::string_view::npos; });
  return sign == kSigns.end() ? Errc::unavailable : sign->means;
}

}  // namespace cp::net
