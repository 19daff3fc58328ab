// SPDX-License-Identifier: Apache-2.0
#include "reach.hpp"

#include "base/paths.hpp"
#include "base/text.hpp"
#include "cli/terminal.hpp"
#include "identity/token.hpp"
#include "transfer/far_link.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace cpxfer {
namespace {

namespace transfer = cp::transfer;

using transfer::OtherRail;
using transfer::RailChoice;

cp::Result<OtherRail> rail_in(std::string_view text) {
  const auto cut = cp::text::cut(text, ':');
  if ((cut ? cut->before : text) == "fabric") {
    return OtherRail{RailChoice::fabric, std::string(cut ? cut->after : "")};
  }
  if (text == "tcp") {
    return OtherRail{RailChoice::tcp, ""};
  }
  if (text == "ssh") {
    return OtherRail{RailChoice::ssh, ""};
  }
  return cp::fail(cp::Errc::usage,
                  "--rail is auto, or some of tcp, ssh and fabric[:PROVIDER] with commas between "
                  "them, not '{}'",
                  text);
}

// The smaller, the more it takes for it to be there: the largest is what a session begins with.
int surety_of(const OtherRail& rail) {
  return rail.kind == RailChoice::ssh ? 2 : rail.kind == RailChoice::tcp ? 1 : 0;
}

bool is_twice(const std::vector<OtherRail>& rails, const OtherRail& rail) {
  return std::ranges::any_of(rails, [&](const OtherRail& other) {
    const bool names_both = !rail.provider.empty() && !other.provider.empty();
    return rail.kind == other.kind && !(names_both && rail.provider != other.provider);
  });
}

cp::Result<void> choose_rail(std::string_view text, transfer::Request& request) {
  if (text == "auto") {
    return {};
  }
  std::vector<OtherRail> rails;
  for (const std::string_view word : cp::text::split(text, ',')) {
    CP_TRY_ASSIGN(OtherRail rail, rail_in(word));
    if (is_twice(rails, rail)) {
      return cp::fail(cp::Errc::usage, "--rail names {} twice", transfer::name_of(rail.kind));
    }
    rails.push_back(std::move(rail));
  }
  std::ranges::stable_sort(rails, std::ranges::greater(), surety_of);
  request.rail = rails.front().kind;
  request.provider = rails.front().provider;
  request.other_rails.assign(rails.begin() + 1, rails.end());
  return {};
}

cp::Result<cp::net::SshSettings> ssh_of(const cp::cli::Arguments& arguments) {
  cp::net::SshSettings ssh;
  CP_TRY_ASSIGN(ssh.command, cp::net::parse_ssh_command(arguments.text("ssh").value_or("ssh")));
  ssh.may_prompt = cp::cli::has_controlling_terminal();
  ssh.socket_directory = cp::runtime_directory();
  return ssh;
}

// How a server is known, and what opens its door. A token never stands on a command line.
cp::Result<void> read_trust(const cp::cli::Arguments& arguments, transfer::Request& request) {
  request.authorities = arguments.text("ca").value_or("");
  request.tls_key = arguments.text("tls-key").value_or("");
  if (const auto file = arguments.text("token")) {
    CP_TRY_ASSIGN(request.token, cp::identity::read_token_file(*file));
  }
  return {};
}

cp::Result<void> read_program(const cp::cli::Arguments& arguments, transfer::Request& request) {
  request.far_program = arguments.text("remote-cpxfer").value_or("");
  request.installs_far_program = arguments.has("install-remote");
  return request.installs_far_program && arguments.is_given("remote-cpxfer")
             ? cp::fail(cp::Errc::usage, "--install-remote and --remote-cpxfer exclude each other")
             : cp::Result<void>();
}

cp::Result<void> read_sealing(const cp::cli::Arguments& arguments, transfer::Request& request) {
  request.trusts_network = arguments.has("trusted-network");
  request.seals_always = arguments.has("encrypt");
  return request.seals_always && request.trusts_network
             ? cp::fail(cp::Errc::usage, "--encrypt and --trusted-network exclude each other")
             : cp::Result<void>();
}

cp::Result<std::uint16_t> port_in(std::string_view text) {
  const auto port = cp::text::to_uint(text);
  return port && *port >= 1 && *port <= 0xFFFF
             ? cp::Result<std::uint16_t>(static_cast<std::uint16_t>(*port))
             : cp::fail(cp::Errc::usage, "'{}' is no port", text);
}

cp::Result<transfer::PortRange> port_range_of(std::string_view text) {
  const auto cut = cp::text::cut(text, '-');
  CP_TRY_ASSIGN(const std::uint16_t first, port_in(cut ? cut->before : text));
  CP_TRY_ASSIGN(const std::uint16_t last, port_in(cut ? cut->after : text));
  return first <= last ? cp::Result<transfer::PortRange>({first, last})
                       : cp::fail(cp::Errc::usage, "{} comes after {}", first, last);
}

}  // namespace

cp::Result<void> read_far(const cp::cli::Arguments& arguments, transfer::Request& request) {
  request.anonymous = arguments.has("anonymous");
  CP_TRY(read_trust(arguments, request));
  request.silence = arguments.duration("timeout").value_or(request.silence);
  CP_TRY_ASSIGN(request.ssh, ssh_of(arguments));
  return read_program(arguments, request);
}

cp::Result<void> read_reach(const cp::cli::Arguments& arguments, transfer::Request& request) {
  CP_TRY(read_far(arguments, request));
  request.streams =
      static_cast<int>(std::min<std::int64_t>(arguments.integer("streams").value_or(0), 1 << 20));
  request.bytes_per_second = arguments.rate_bps("bwlimit").value_or(0) / 8;
  CP_TRY(read_sealing(arguments, request));
  return choose_rail(arguments.text("rail").value_or("auto"), request);
}

cp::Result<void> read_data_way(const cp::cli::Arguments& arguments, transfer::Request& request) {
  request.data_host = arguments.text("data-host").value_or("");
  request.reverse = arguments.has("reverse");
  if (const auto text = arguments.text("port-range")) {
    const auto range = port_range_of(*text);
    if (!range) {
      return arguments.blame(
          "port-range", {range.error().code,
                         fmt::format("--port-range is FIRST[-LAST]: {}", range.error().message),
                         {}});
    }
    request.ports = *range;
  }
  return {};
}

}  // namespace cpxfer
