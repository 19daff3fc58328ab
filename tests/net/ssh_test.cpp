// SPDX-License-Identifier: Apache-2.0
#include "net/ssh.hpp"

#include "temporary_directory.hpp"

#include "catch.hpp"
#include <algorithm>
#include <sys/stat.h>

using namespace cp::net;
using cp::Errc;

namespace {

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> call(SshSharing sharing, const SshSettings& settings = {},
                              const std::string& control_path = "") {
  return ssh_command_line(settings, {"user", "host"}, sharing, control_path, "fixed text");
}

}  // namespace

TEST_CASE("ssh: what it could take for an option or a command is no host") {
  for (const char* text : {"",
                           "-oProxyCommand=touch pwned",
                           "-",
                           "user@-oProxyCommand=x",
                           "-x@host",
                           "@host",
                           "user@",
                           "a b",
                           "host;id",
                           "host\nx",
                           "$(id)",
                           "host/x",
                           "us er@host",
                           "[::1",
                           "::1",
                           "[host]",
                           "[127.0.0.1]",
                           "user@user@host",
                           "host%x",
                           "[-x]",
                           "h\xc3\xa9",
                           ".host",
                           "%h"}) {
    CAPTURE(text);
    const auto host = parse_ssh_host(text);
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Errc::usage);
  }
}

TEST_CASE("ssh: a host is a name or an address, with a user or without") {
  CHECK(parse_ssh_host("login-1.example_x") == SshHost{"", "login-1.example_x"});
  CHECK(parse_ssh_host("a.b-c@10.0.0.1") == SshHost{"a.b-c", "10.0.0.1"});
  CHECK(parse_ssh_host("[::1]") == SshHost{"", "::1"});
  CHECK(parse_ssh_host("u@[2001:db8::7]")->to_string() == "u@[2001:db8::7]");
  CHECK(parse_ssh_host("u@h")->to_string() == "u@h");
}

TEST_CASE("ssh: its command is split at blanks") {
  CHECK(parse_ssh_command(" ssh  -p 22 ") == std::vector<std::string>{"ssh", "-p", "22"});
  REQUIRE_FALSE(parse_ssh_command("  "));
  CHECK(parse_ssh_command("").error().code == Errc::usage);
}

TEST_CASE("ssh: our options come first, the host after them all, and one fixed word is run") {
  SshSettings settings;
  settings.command = {"/opt/ssh", "-o", "ForwardAgent=yes"};
  const auto words = call(SshSharing::own, settings);
  CHECK(words.front() == "/opt/ssh");
  for (const char* option : {"ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes",
                             "PermitLocalCommand=no", "BatchMode=yes", "ControlPath=none"}) {
    CAPTURE(option);
    CHECK(holds(words, option));
  }
  // ssh takes the first value that it hears.
  CHECK(std::ranges::find(words, "ForwardAgent=no") < std::ranges::find(words, "ForwardAgent=yes"));
  const auto end = std::ranges::find(words, "--");
  REQUIRE(std::distance(end, words.end()) == 3);
  CHECK(end[1] == "host");
  CHECK(end[2] == "fixed text");
  CHECK(*(end - 1) == "user");
  for (const std::string& word : words) {
    CHECK(word.find("StrictHostKeyChecking") == std::string::npos);
  }
}

TEST_CASE("ssh: only the first connection may ask, and only where there is a terminal") {
  SshSettings settings;
  CHECK(holds(call(SshSharing::master, settings, "/run/x"), "BatchMode=yes"));
  settings.may_prompt = true;
  CHECK_FALSE(holds(call(SshSharing::master, settings, "/run/x"), "BatchMode=yes"));
  CHECK(holds(call(SshSharing::own, settings, "/run/x"), "BatchMode=yes"));
  CHECK(holds(call(SshSharing::shared, settings, "/run/x"), "BatchMode=yes"));
}

TEST_CASE("ssh: a connection is shared through its control socket alone") {
  const auto master = call(SshSharing::master, {}, "/run/x");
  CHECK(holds(master, "ControlMaster=yes"));
  CHECK(holds(master, "ControlPath=/run/x"));
  CHECK(holds(call(SshSharing::shared, {}, "/run/x"), "ControlMaster=no"));
  CHECK(holds(call(SshSharing::shared, {}, "/run/x"), "ControlPath=/run/x"));
  CHECK(holds(call(SshSharing::own, {}, "/run/x"), "ControlPath=none"));
  CHECK(holds(call(SshSharing::master), "ControlPath=none"));
}

TEST_CASE("ssh: a connection that is kept opens itself, ends by itself and notices a dead peer") {
  SshSettings settings;
  const auto kept = call(SshSharing::kept, settings, "/run/x");
  for (const char* option : {"ControlMaster=auto", "ControlPath=/run/x", "ControlPersist=60",
                             "ServerAliveInterval=10", "BatchMode=yes"}) {
    CAPTURE(option);
    CHECK(holds(kept, option));
  }
  settings.may_prompt = true;
  CHECK_FALSE(holds(call(SshSharing::kept, settings, "/run/x"), "BatchMode=yes"));
  const auto stop = ssh_stop_line(settings, {"user", "host", 2222}, "/run/x");
  CHECK(holds(stop, "stop"));
  CHECK(holds(stop, "ControlPath=/run/x"));
  CHECK(stop.back() == "host");
}

TEST_CASE("ssh: a host may have a port") {
  CHECK(parse_ssh_host_port("host:2222") == SshHost{"", "host", 2222});
  CHECK(parse_ssh_host_port("u@[::1]:22")->to_string() == "u@[::1]:22");
  CHECK(parse_ssh_host_port("u@[::1]")->port == 0);
  CHECK(parse_ssh_host_port("host") == SshHost{"", "host", 0});
  for (const char* text :
       {"host:", "host:0", "host:65536", "host:-1", "host:2x", ":22", "-x:22", "::1", "a:b:22"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_ssh_host_port(text));
  }
  const auto words = ssh_command_line({}, {"", "host", 2222}, SshSharing::own, "", "x");
  const auto flag = std::ranges::find(words, "-p");
  REQUIRE(flag != words.end());
  CHECK(flag[1] == "2222");
}

TEST_CASE("ssh: what it says last tells what to type") {
  const SshHost host{"me", "far", 2222};
  CHECK(ssh_advice(host, "Host key verification failed.").find("'ssh -p 2222 me@far'") !=
        std::string::npos);
  CHECK(ssh_advice(host,
                   "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\n"
                   "Host key verification failed.")
            .find("ssh-keygen -R [far]:2222") != std::string::npos);
  CHECK(ssh_advice(host, "me@far: Permission denied (publickey).").find("ssh-copy-id") !=
        std::string::npos);
  CHECK(ssh_advice(host, "").find("ssh -v -p 2222 me@far") != std::string::npos);
}

TEST_CASE("ssh: control sockets lie in a directory of ours, under short names") {
  const TemporaryDirectory scratch;
  SshSettings settings;
  CHECK(ssh_control_path(settings, "name").empty());
  settings.socket_directory = scratch.path() + "/run";
  CHECK(ssh_control_path(settings, "name") == settings.socket_directory + "/name");
  struct stat status {};
  REQUIRE(::stat(settings.socket_directory.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700);
  CHECK(ssh_control_path(settings, std::string(80, 'x')).empty());
  REQUIRE(::chmod(settings.socket_directory.c_str(), 0755) == 0);
  CHECK(ssh_control_path(settings, "name").empty());
}

TEST_CASE("ssh: its last words tell the kind of failure") {
  CHECK(ssh_failure("ssh: Could not resolve hostname x: Name or service not known") ==
        Errc::not_found);
  CHECK(ssh_failure("ssh: connect to host x port 22: Connection refused") == Errc::unavailable);
  CHECK(ssh_failure("u@x: Permission denied (publickey).") == Errc::denied);
  CHECK(ssh_failure("Host key verification failed.") == Errc::denied);
  CHECK(ssh_failure("kex_exchange_identification: Connection closed by remote host") ==
        Errc::timed_out);
  CHECK(ssh_failure("f: line 1: Bad configuration option: x") == Errc::bad_config);
  CHECK(ssh_failure("something else") == Errc::unavailable);
}
