// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// How this suite calls the system's ssh (SECURITY §4). The user's own configuration, keys, agent
/// and jump hosts count; what would open this machine to the far one is switched off.
namespace cp::net {

/// A login on another machine.
struct SshHost {
  std::string user;        ///< "" leaves it to ssh
  std::string host;        ///< a name or an address, an IPv6 one without brackets
  std::uint16_t port = 0;  ///< 0 leaves it to ssh

  /// "host", "user@host", "user@[::1]", "host:2222"
  std::string to_string() const;
  friend bool operator==(const SshHost&, const SshHost&) = default;
};

/// The login in TEXT: "host", "user@host", "[::1]". usage unless user and host are
/// [A-Za-z0-9_][A-Za-z0-9._-]*, or the host is an IP address, one of IPv6 in brackets: nothing that
/// ssh could take for an option.
Result<SshHost> parse_ssh_host(std::string_view text);

/// As `parse_ssh_host`, with a port or without: "host:2222", "user@[::1]:2222".
Result<SshHost> parse_ssh_host_port(std::string_view text);

/// What the user says about calling ssh.
struct SshSettings {
  std::vector<std::string> command{"ssh"};  ///< the program, and options that come before the host
  bool may_prompt = false;                  ///< there is a terminal to ask for passwords on
  std::string socket_directory;             ///< a directory of ours alone; "": share no connection
};

/// The words in TEXT, which blanks separate: "ssh -p 2222 -F FILE". usage when there is none.
Result<std::vector<std::string>> parse_ssh_command(std::string_view text);

/// What a call does with a shared connection.
enum class SshSharing {
  own,     ///< a connection of its own, never a question
  master,  ///< opens one that others may share, and may ask for a password
  shared,  ///< goes through the master's
  kept,    ///< goes through a master that stays for a minute after its last use, or becomes it
};

/// The path of the control socket UNIQUE in SETTINGS' directory, which is made (mode 0700) where it
/// is missing; "" where there can be none, since the directory is not ours or its path too long
/// (100 bytes with what ssh adds to it): then each connection is its own.
std::string ssh_control_path(const SshSettings& settings, std::string_view unique);

/// The command line that runs the fixed text COMMAND by the login shell of HOST.
std::vector<std::string> ssh_command_line(const SshSettings& settings, const SshHost& host,
                                          SshSharing sharing, const std::string& control_path,
                                          std::string_view command);

/// The command line that tells the master behind CONTROL_PATH to take no one more and to end when
/// those that go through it have; the next call opens another one.
std::vector<std::string> ssh_stop_line(const SshSettings& settings, const SshHost& host,
                                       const std::string& control_path);

/// What the user types to mend what ssh's LAST_WORDS tell of HOST.
std::string ssh_advice(const SshHost& host, std::string_view last_words);

/// The kind of failure that ssh's last words mean; unavailable when nobody can tell.
Errc ssh_failure(std::string_view last_words);

}  // namespace cp::net
