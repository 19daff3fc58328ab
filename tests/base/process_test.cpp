// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using cp::Captured;
using cp::Command;
using cp::Errc;
using cp::Result;
using namespace std::chrono_literals;

namespace {

constexpr auto kPlenty = 60s;

Command shell(std::string script) { return Command{{"sh", "-c", std::move(script)}}; }

Result<Captured> run(const Command& command, std::string_view input = {}) {
  return cp::capture(command, input, kPlenty);
}

std::string output_of(const Command& command, std::string_view input = {}) {
  const auto captured = run(command, input);
  REQUIRE(captured);
  return captured->output;
}

cp::Exit ended(const Command& command) {
  const auto pid = cp::spawn(command);
  REQUIRE(pid);
  return *cp::wait_for(*pid);
}

}  // namespace

TEST_CASE("a program that cannot be started is not found or denied, as in a shell") {
  const TemporaryDirectory directory;
  const std::string plain = directory.path() + "/plain";
  std::ofstream(plain) << "no program\n";
  CHECK(cp::spawn(Command{{"no-such-program-anywhere"}}).error().code == Errc::not_found);
  CHECK(cp::spawn(Command{{directory.path() + "/none"}}).error().code == Errc::not_found);
  CHECK(cp::spawn(Command{{directory.path()}}).error().code == Errc::denied);
  CHECK(cp::spawn(Command{{plain}}).error().code == Errc::denied);
  ::chmod(plain.c_str(), 0700);
  const auto no_format = cp::spawn(Command{{plain}});
  REQUIRE_FALSE(no_format);
  CHECK(no_format.error().code == Errc::denied);
  CHECK(no_format.error().message == "cannot execute " + plain + ": exec format error");
}

TEST_CASE("a file stands in PATH whether it can be executed or not") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/plain") << "no program\n";
  const std::string path = "/no/such/directory:" + directory.path();
  CHECK(cp::stands_in_path("plain", path));
  CHECK_FALSE(cp::stands_in_path("plain", "/no/such/directory"));
  CHECK_FALSE(cp::stands_in_path("other", path));
}

TEST_CASE("arguments reach a program byte for byte") {
  const std::vector<std::string> words{"",   "[x,y]", "{a}",   "-n",   "--help",
                                       "%%", "\n",    "$(id)", "\xFF", "a b"};
  Command command = shell(R"(for w; do printf '%s\0' "$w"; done)");
  command.argv.push_back("sh");
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  std::string expected;
  for (const std::string& word : words) {
    expected += word + '\0';
  }
  CHECK(output_of(command) == expected);
}

TEST_CASE("a program's end is told as a code or a signal") {
  CHECK(ended(shell("exit 0")).status() == 0);
  CHECK(ended(shell("exit 7")).code == 7);
  const cp::Exit killed = ended(shell("kill -KILL $$"));
  CHECK(killed.signal == SIGKILL);
  CHECK(killed.status() == 137);
  CHECK(cp::wait_for(-1).error().code == Errc::internal);  // there is no child left
}

TEST_CASE("the environment is ours or the given one, whole") {
  ::setenv("CP_PROCESS_TEST", "inherited", 1);
  CHECK(output_of(shell("printf %s \"$CP_PROCESS_TEST\"")) == "inherited");
  ::unsetenv("CP_PROCESS_TEST");
  Command command = shell("printf %s \"$A-$HOME\"");
  command.environment = {"A=a b"};
  CHECK(output_of(command) == "a b-");
}

TEST_CASE("a program gets /dev/null, default signals, an empty mask and no other descriptor") {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const old = std::signal(SIGPIPE, SIG_IGN);
  const int leaked = ::fcntl(0, F_DUPFD, 500);  // without close-on-exec
  REQUIRE(leaked >= 500);
  const std::string said =
      output_of(shell("grep -Eo '^Sig(Blk:.*00|Ign:.*[08]0)000000$' /proc/self/status | cut -c "
                      "1-6; test -e /proc/self/fd/" +
                      std::to_string(leaked) + " || echo closed"));
  ::close(leaked);
  (void)std::signal(SIGPIPE, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Signals 32 and 33 belong to the C library, which leaves them ignored.
  CHECK(said == "SigBlk\nSigIgn\nclosed\n");
  CHECK(ended(shell("test /proc/self/fd/0 -ef /dev/null && test /proc/self/fd/1 -ef /dev/null && "
                    "test /proc/self/fd/2 -ef /dev/null"))
            .status() == 0);
}

TEST_CASE("standard descriptors can be juggled, each with each") {
  cp::Pipe first = *cp::make_pipe();
  cp::Pipe second = *cp::make_pipe();
  // Our own 0 to 2 are kept aside meanwhile.
  const cp::UniqueFd in(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  const cp::UniqueFd out(::fcntl(1, F_DUPFD_CLOEXEC, 10));
  ::dup2(first.write.get(), 0);
  ::dup2(second.write.get(), 1);
  Command command = shell("echo to-out; echo to-err >&2");
  command.standard_output = 0;
  command.standard_error = 1;
  const auto pid = cp::spawn(command);
  ::dup2(in.get(), 0);
  ::dup2(out.get(), 1);
  first.write.reset();
  second.write.reset();
  REQUIRE(pid);
  CHECK(cp::wait_for(*pid)->status() == 0);
  CHECK(*cp::read_to_end(first.read.get(), 100) == "to-out\n");
  CHECK(*cp::read_to_end(second.read.get(), 100) == "to-err\n");
}

TEST_CASE("a program can lead a group or a session of its own") {
  const auto fields_of = [](Command command) {
    command.argv = {"sh", "-c", "read -r line </proc/self/stat; set -- $line; echo \"$1 $5 $6\""};
    const std::string said = output_of(command);
    std::vector<std::string> fields;
    for (const auto field : cp::text::split(cp::text::trim(said), ' ')) {
      fields.emplace_back(field);
    }
    return fields;
  };
  Command plain;
  const auto ours = fields_of(plain);
  REQUIRE(ours.size() == 3);
  CHECK(ours[1] == std::to_string(::getpgrp()));
  Command group;
  group.own_group = true;
  const auto leader = fields_of(group);
  CHECK(leader[0] == leader[1]);
  CHECK(leader[2] == ours[2]);
  for (const bool and_group : {false, true}) {
    Command session;
    session.own_session = true;
    session.own_group = and_group;
    const auto own = fields_of(session);
    CHECK(own[0] == own[1]);
    CHECK(own[0] == own[2]);
  }
}

TEST_CASE("what a program prints and how it ends is captured") {
  const auto captured = run(shell("cat; echo problem >&2; exit 3"), "input");
  REQUIRE(captured);
  CHECK(captured->output == "input");
  CHECK(captured->errors == "problem\n");
  CHECK(captured->exit.code == 3);
  const std::string much(3U << 20U, 'm');
  CHECK(output_of(Command{{"cat"}}, much) == much);
}

TEST_CASE("a program that wants no input does not harm us") {
  const std::string much(1U << 20U, 'm');
  const auto captured = run(Command{{"true"}}, much);
  REQUIRE(captured);
  CHECK(captured->exit.status() == 0);
  CHECK(run(shell("exec <&-; exit 4"), much)->exit.code == 4);
  sigset_t pending;
  ::sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("a program that prints without end is stopped at the limit") {
  for (const char* script :
       {"while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done | head -c 17000000",
        "head -c 17000000 /dev/zero >&2"}) {
    const auto captured = run(shell(script));
    REQUIRE_FALSE(captured);
    CHECK(captured.error().code == Errc::bad_data);
  }
  const auto whole = run(shell("head -c 16777216 /dev/zero"));
  REQUIRE(whole);
  CHECK(whole->output.size() == cp::limits::captured_bytes);
}

TEST_CASE("a program that takes too long is killed, with the group that it leads") {
  const TemporaryDirectory directory;
  const std::string pid_file = directory.path() + "/pid";
  for (const char* script :
       {"sleep 600 & echo $! >$0; wait", "sleep 600 & echo $! >$0; exec >&- 2>&-; wait"}) {
    CAPTURE(script);
    Command command = shell(script);
    command.argv.push_back(pid_file);
    command.own_group = true;
    const auto before = std::chrono::steady_clock::now();
    const auto captured = cp::capture(command, {}, 300ms);
    REQUIRE_FALSE(captured);
    CHECK(captured.error().code == Errc::timed_out);
    CHECK(captured.error().message == "sh timed out");
    CHECK(std::chrono::steady_clock::now() - before < 30s);
    const auto child = cp::text::to_int(cp::text::trim(*cp::read_file(pid_file, 100)));
    REQUIRE(child);
    // It is killed, and reaped by whoever adopts orphans here.
    for (int i = 0; i < 1000 && cp::identify(static_cast<pid_t>(*child)); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    CHECK_FALSE(cp::identify(static_cast<pid_t>(*child)));
  }
}

TEST_CASE("a stop request ends a capture") {
  std::stop_source stop;
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  const auto captured = cp::capture(shell("exec sleep 600"), {}, kPlenty, stop.get_token());
  later.join();
  REQUIRE_FALSE(captured);
  CHECK(captured.error().message == "sh was stopped");
}

TEST_CASE("the longest time-out is no time-out") {
  const auto captured = cp::capture(Command{{"true"}}, {}, std::chrono::nanoseconds::max());
  REQUIRE(captured);
  CHECK(captured->exit.status() == 0);
}

TEST_CASE("a process is known by more than its number") {
  const auto self = cp::identify(::getpid());
  REQUIRE(self);
  CHECK(self->boot_id.size() == 36);
  CHECK(cp::is_alive(*self));
  cp::ProcessIdentity other = *self;
  ++other.start_ticks;
  CHECK_FALSE(cp::is_alive(other));
  other = *self;
  other.boot_id = "another boot";
  CHECK_FALSE(cp::is_alive(other));
  CHECK(cp::identify(999'999'999).error().code == Errc::not_found);
}

TEST_CASE("a process that has ended is not alive, reaped or not") {
  cp::Pipe pipe = *cp::make_pipe();
  Command command{{"cat"}};
  command.standard_input = pipe.read.get();
  const pid_t pid = *cp::spawn(command);
  const auto identity = cp::identify(pid);
  REQUIRE(identity);
  CHECK(cp::is_alive(*identity));
  pipe.write.reset();
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(cp::is_alive(*identity));
  (void)cp::wait_for(pid);
  CHECK_FALSE(cp::is_alive(*identity));
}

TEST_CASE("a program whose name looks like a status line is still identified") {
  const TemporaryDirectory directory;
  const std::string odd = directory.path() + "/a) Z 1 (b";
  REQUIRE(::symlink(cp::find_in_path("cat")->c_str(), odd.c_str()) == 0);
  cp::Pipe pipe = *cp::make_pipe();
  Command command{{odd}};
  command.standard_input = pipe.read.get();
  const pid_t pid = *cp::spawn(command);
  const auto identity = cp::identify(pid);
  pipe.write.reset();
  (void)cp::wait_for(pid);
  REQUIRE(identity);
  CHECK(identity->start_ticks >= cp::identify(::getpid())->start_ticks);
}

TEST_CASE("programs are found as execvp finds them") {
  const TemporaryDirectory directory;
  const std::string mine = directory.path() + "/mine";
  std::ofstream(mine) << "#!/bin/sh\n";
  CHECK_FALSE(cp::find_in_path(mine));
  ::chmod(mine.c_str(), 0700);
  CHECK(cp::find_in_path(mine) == mine);
  CHECK_FALSE(cp::find_in_path(directory.path()));
  CHECK_FALSE(cp::find_in_path("no-such-program-anywhere"));
  CHECK(cp::find_in_path("sh")->ends_with("/sh"));
  CHECK_FALSE(cp::find_in_path(""));
}
