// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/ssh.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace cp::provider {

/// Where the commands of a provider are found: on this machine, or through ssh on another. Calls of
/// several processes share one connection to a host where `ssh` has a directory for sockets; it
/// stays for a minute after the last one, and is opened anew when it was lost.
struct Place {
  std::optional<net::SshHost> host;  ///< absent: this machine
  net::SshSettings ssh;
  std::chrono::nanoseconds patience = std::chrono::seconds(30);
};

/// The place that the REST of a provider's URL names: "" is this machine, "//[user@]host[:port]"
/// another.
/// usage for anything else.
Result<std::optional<net::SshHost>> host_of_url(std::string_view rest);

/// Runs SCRIPT, a text of ours for POSIX sh, at PLACE with the C locale, and returns what it prints
/// on its standard output. What is no text of ours must not stand in it, but as a word quoted by
/// shell::word_of. Nothing of a script that did not arrive whole is run. The last thing that it
/// prints should tell that it is whole, for a cut connection looks like an end. INPUT, of any
/// bytes, stands in its standard input, as much of it as arrived. timed_out after the place's
/// patience or on STOP, bad_data past limits::captured_bytes; else as net::run_by_ssh and capture.
/// An error says nothing about what the script has done.
Result<std::string> run_script(const Place& place, std::string_view script,
                               const std::stop_token& stop, std::string_view input = {});

}  // namespace cp::provider
