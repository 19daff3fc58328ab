// SPDX-License-Identifier: Apache-2.0
// One text of tests for every launcher: what runs a job and how it is reached differs, what its
// callers may rely on does not. A new type adds a line to `kinds`.
#include "provider/launcher.hpp"

#include "base/file.hpp"
#include "base/paths.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "provider/table.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;
using cp::model::JobReason;
using cp::model::JobState;
using cp::provider::Found;
using cp::provider::Launcher;
using cp::provider::Observation;
using cp::provider::Stream;
using cp::provider::Task;
using cp::provider::Token;

namespace {

struct Kind {
  const char* url;
};
// A script that has started a real one names it; what begins with "a supervisor" or "what a killed
// supervisor" is about this machine alone.
const std::array kinds{
    Kind{std::getenv("CP_LAUNCHER") != nullptr ? std::getenv("CP_LAUNCHER") : "local:"}};

/// CP_SSH_COMMAND says how ssh is called, as it does for the tools.
cp::provider::LauncherSettings settings_in(const std::string& state_directory) {
  cp::provider::LauncherSettings settings{.state_directory = state_directory,
                                          .supervisor = {CP_SUPERVISE, "--supervise"}};
  if (const char* const command = std::getenv("CP_SSH_COMMAND")) {
    settings.ssh.command = *cp::net::parse_ssh_command(command);
    settings.ssh.socket_directory = cp::runtime_directory();
  }
  return settings;
}

/// One provider, and fresh launchers for it as another process would make them.
struct Bench {
  TemporaryDirectory directory;
  std::string url;

  std::unique_ptr<Launcher> launcher() const {
    auto made = cp::provider::make_launcher(*cp::provider::parse_provider_url(url),
                                            settings_in(directory.path()));
    REQUIRE(made);
    return *std::move(made);
  }
};

Token new_token() {
  cp::KernelRandom random;
  return "cp-" + cp::text::lower(cp::make_ulid(cp::SystemClock().now(), random)) + "-1";
}

Task shell_task(const std::string& script) {
  Task task;
  task.token = new_token();
  task.name = "test";
  task.executable = "sh";
  task.arguments = {"-c", script};
  task.environment = {"PATH=/usr/bin:/bin"};
  return task;
}

Observation look(Launcher& launcher, const Token& token) {
  auto seen = launcher.query(std::array{token}, {});
  REQUIRE(seen);
  REQUIRE(seen->size() == 1);
  CHECK(seen->front().token == token);
  return seen->front();
}

/// What TOKEN is seen as once UNTIL says so; within 20 s.
Observation wait_until(Launcher& launcher, const Token& token,
                       const std::function<bool(const Observation&)>& until) {
  const auto watch = launcher.watch(token, Launcher::Scope::all);
  const auto last = std::chrono::steady_clock::now() + 20s;
  while (true) {
    if (watch) {
      watch->clear();
    }
    Observation seen = look(launcher, token);
    if (until(seen)) {
      return seen;
    }
    REQUIRE(std::chrono::steady_clock::now() < last);
    pollfd wanted{watch ? watch->fd() : -1, POLLIN, 0};
    ::poll(&wanted, 1, 200);
  }
}

/// Whether TOKEN is there once a submission that was on its way has arrived or died; within 20 s.
Found::Verdict settled_verdict(Launcher& launcher, const Token& token) {
  for (int i = 0; i < 2000; ++i) {
    const auto found = launcher.find(token, {});
    REQUIRE(found);
    if (found->verdict != Found::Verdict::unsure) {
      return found->verdict;
    }
    ::poll(nullptr, 0, 10);
  }
  FAIL("still not sure");
  return Found::Verdict::unsure;
}

Observation wait_end(Launcher& launcher, const Token& token) {
  return wait_until(launcher, token,
                    [](const Observation& seen) { return cp::model::is_terminal(seen.state); });
}

std::string log_of(Launcher& launcher, const Token& token, Stream stream) {
  auto reader = launcher.open_log(token, stream);
  REQUIRE(reader);
  std::string out;
  std::array<char, 65536> buffer;
  while (true) {
    const auto count = (*reader)->read(buffer);
    REQUIRE(count);
    if (*count == 0) {
      return out;
    }
    out.append(buffer.data(), *count);
  }
}

Observation run(Launcher& launcher, const Task& task) {
  REQUIRE(launcher.submit(task, {}));
  return wait_end(launcher, task.token);
}

/// Waits until FILE has text, and gives it.
std::string wait_for_file(const std::string& file) {
  for (int i = 0; i < 2000; ++i) {
    const auto text = cp::read_file(file, 4096);
    if (text && text->ends_with('\n')) {
      return *text;
    }
    ::poll(nullptr, 0, 10);
  }
  FAIL("no " << file);
  return {};
}

bool is_running(pid_t pid) { return cp::identify(pid).has_value(); }

}  // namespace

#define FOR_EACH_KIND()                          \
  const Kind kind = GENERATE(from_range(kinds)); \
  Bench bench{{}, kind.url};                     \
  const auto launcher = bench.launcher()

TEST_CASE("a program that does not exist ends the job with 127 and a reason") {
  FOR_EACH_KIND();
  Task task = shell_task("");
  task.executable = GENERATE("no-such-program", "./no-such-program", "/nonexistent/program");
  const Observation seen = run(*launcher, task);
  CHECK(seen.state == JobState::failed);
  CHECK(seen.reason == JobReason::user_error);
  CHECK(seen.exit->status() == 127);
  CHECK(seen.never_ran);
  CHECK(seen.message.find(task.executable) != std::string::npos);
}

TEST_CASE("a file that cannot be executed ends the job with 126 and a reason") {
  FOR_EACH_KIND();
  const std::string data = bench.directory.path() + "/data";
  REQUIRE(cp::write_file(data, "#!/nonexistent/interpreter\n", 0600));
  Task task = shell_task("");
  SECTION("without permission") { task.executable = data; }
  SECTION("a directory") { task.executable = "/usr"; }
  SECTION("without its interpreter") {
    REQUIRE(::chmod(data.c_str(), 0700) == 0);
    task.executable = data;
  }
  const Observation seen = run(*launcher, task);
  CHECK(seen.state == JobState::failed);
  CHECK(seen.exit->status() == 126);
  CHECK(seen.never_ran);
}

TEST_CASE("a job whose directory or input cannot be had never runs") {
  FOR_EACH_KIND();
  Task task = shell_task("echo ran");
  SECTION("no such input") { task.standard_input = "/nonexistent/input"; }
  SECTION("no such place for the output") { task.standard_output = "/nonexistent/output"; }
  const Observation seen = run(*launcher, task);
  CHECK(seen.state == JobState::failed);
  CHECK_FALSE(seen.exit);
  CHECK(seen.never_ran);
  CHECK_FALSE(seen.message.empty());
}

TEST_CASE("a token that nobody submitted is absent, and its job unknown") {
  FOR_EACH_KIND();
  const Token token = new_token();
  const auto found = launcher->find(token, {});
  REQUIRE(found);
  CHECK(found->verdict == Found::Verdict::absent);
  CHECK(look(*launcher, token).state == JobState::unknown);
  CHECK(launcher->open_log(token, Stream::out).error().code == cp::Errc::not_found);
}

TEST_CASE("a job's exit code, signal and output come back as they were") {
  FOR_EACH_KIND();
  struct Case {
    const char* script;
    int status;
    const char* out;
    const char* err;
  };
  const Case test =
      GENERATE(Case{"true", 0, "", ""}, Case{"exit 7", 7, "", ""}, Case{"exit 255", 255, "", ""},
               Case{"kill -9 $$", 137, "", ""},
               Case{"printf 'no newline'; echo oops >&2; exit 1", 1, "no newline", "oops\n"});
  INFO(test.script);
  const Task task = shell_task(test.script);
  const Observation seen = run(*launcher, task);
  CHECK(seen.state == (test.status == 0 ? JobState::completed : JobState::failed));
  CHECK(seen.exit->status() == test.status);
  CHECK(seen.started_at);
  CHECK(seen.ended_at >= seen.started_at);
  CHECK(seen.ran_for);
  CHECK_FALSE(seen.never_ran);
  CHECK(log_of(*launcher, task.token, Stream::out) == test.out);
  CHECK(log_of(*launcher, task.token, Stream::err) == test.err);
  CHECK(launcher->find(task.token, {})->verdict == Found::Verdict::present);
}

TEST_CASE("arguments and environment arrive byte for byte") {
  FOR_EACH_KIND();
  Task task = shell_task(R"(printf '%s\0' "$@"; printf %s "$WEIRD")");
  const std::vector<std::string> arguments{"",   "[x,y]",  "{a}", "-n",    "--help", "%%",
                                           "\n", "'",      "\"",  "$HOME", "*",      "\xff\xfe",
                                           "ä",  "a b\tc", "\\",  "a\r\nb"};
  task.arguments.emplace_back("sh");
  std::string wanted;
  for (const auto& argument : arguments) {
    task.arguments.push_back(argument);
    wanted += argument + '\0';
  }
  task.environment.emplace_back("WEIRD=a=b\n\xc3(");
  CHECK(run(*launcher, task).exit->status() == 0);
  CHECK(log_of(*launcher, task.token, Stream::out) == wanted + "a=b\n\xc3(");
}

TEST_CASE("a job begins in its own fresh directory, or in the one it names") {
  FOR_EACH_KIND();
  Task task = shell_task("pwd; ls -A | wc -l");
  const auto own = launcher->make_directory(task.token, "", {});
  REQUIRE(own);
  SECTION("its own") {
    run(*launcher, task);
    CHECK(log_of(*launcher, task.token, Stream::out) == *own + "\n0\n");
  }
  SECTION("one below it, made for it") {
    task.directory = "a/b";
    run(*launcher, task);
    CHECK(log_of(*launcher, task.token, Stream::out) == *own + "/a/b\n0\n");
  }
  SECTION("any other") {
    task.directory = "/";
    task.arguments = {"-c", "pwd"};
    run(*launcher, task);
    CHECK(log_of(*launcher, task.token, Stream::out) == "/\n");
  }
}

TEST_CASE("a directory below a given one is the job's own, and goes when it is told to") {
  FOR_EACH_KIND();
  const Task task = shell_task("echo x > result");
  const std::string workdir = bench.directory.path() + "/scratch/deep";
  const auto own = launcher->make_directory(task.token, workdir, {});
  REQUIRE(own);
  CHECK(own->starts_with(workdir + "/"));
  CHECK(launcher->make_directory(task.token, workdir, {}).value() == *own);
  run(*launcher, task);
  CHECK(cp::read_file(*own + "/result", 10).value() == std::string("x\n"));
  REQUIRE(launcher->remove_directory(task.token, {}));
  REQUIRE(launcher->remove_directory(task.token, {}));
  CHECK(cp::read_file(*own + "/result", 10).error().code == cp::Errc::not_found);
  CHECK(look(*launcher, task.token).state == JobState::completed);
}

TEST_CASE("standard input is the file that the task names, and nothing else") {
  FOR_EACH_KIND();
  Task task = shell_task("cat");
  SECTION("nothing") {
    CHECK(run(*launcher, task).exit->status() == 0);
    CHECK(log_of(*launcher, task.token, Stream::out).empty());
  }
  SECTION("a file") {
    task.standard_input = bench.directory.path() + "/input";
    REQUIRE(cp::write_file(task.standard_input, std::string("a\0b", 3), 0600));
    CHECK(run(*launcher, task).exit->status() == 0);
    CHECK(log_of(*launcher, task.token, Stream::out) == std::string("a\0b", 3));
  }
}

TEST_CASE("both streams may go to one file that the task names") {
  FOR_EACH_KIND();
  Task task = shell_task("echo out; echo err >&2; echo out");
  task.standard_output = "log";
  task.standard_error = "log";
  run(*launcher, task);
  CHECK(log_of(*launcher, task.token, Stream::out) == "out\nerr\nout\n");
}

TEST_CASE("a second submission under one token runs nothing") {
  FOR_EACH_KIND();
  const Task task = shell_task("echo ran");
  const auto first = launcher->submit(task, {});
  REQUIRE(first);
  CHECK(launcher->submit(task, {}).value() == *first);
  wait_end(*launcher, task.token);
  CHECK(bench.launcher()->submit(task, {}).value() == *first);
  CHECK(log_of(*launcher, task.token, Stream::out) == "ran\n");
}

TEST_CASE("many submissions of one token at the same time run the job once") {
  FOR_EACH_KIND();
  for (int round = 0; round < 5; ++round) {
    const std::string count = bench.directory.path() + "/count" + std::to_string(round);
    const Task task = shell_task("echo ran >> " + count);
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        const auto own = cp::provider::make_launcher(*cp::provider::parse_provider_url(kind.url),
                                                     settings_in(bench.directory.path()));
        while (true) {
          const auto taken = (*own)->submit(task, {});
          if (taken || taken.error().code != cp::Errc::unavailable) {
            return;
          }
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    CHECK(wait_end(*launcher, task.token).state == JobState::completed);
    CHECK(cp::read_file(count, 100).value() == std::string("ran\n"));
  }
}

TEST_CASE("a launcher in another process sees the same job") {
  FOR_EACH_KIND();
  const Task task = shell_task("echo from the first; exit 3");
  REQUIRE(bench.launcher()->submit(task, {}));
  const Observation seen = wait_end(*launcher, task.token);
  CHECK(seen.exit->status() == 3);
  CHECK(log_of(*launcher, task.token, Stream::out) == "from the first\n");
}

TEST_CASE("several jobs are asked for in one question and answered in its order") {
  FOR_EACH_KIND();
  const Task first = shell_task("exit 1");
  const Task second = shell_task("exit 2");
  run(*launcher, first);
  run(*launcher, second);
  const auto seen = launcher->query(std::array{second.token, new_token(), first.token}, {});
  REQUIRE(seen);
  CHECK(seen->at(0).exit->status() == 2);
  CHECK(seen->at(1).state == JobState::unknown);
  CHECK(seen->at(2).exit->status() == 1);
}

TEST_CASE("cancel ends all of a job's processes, wherever they have hidden") {
  FOR_EACH_KIND();
  const std::string place = bench.directory.path();
  const Task task = shell_task("setsid sh -c 'trap \"\" TERM; echo $$ > " + place +
                               "/deep; sleep 1000 & wait; sleep 1000' & sleep 1000 & echo $! > " +
                               place + "/child; wait");
  Task impatient = task;
  impatient.grace = 300ms;
  REQUIRE(launcher->submit(impatient, {}));
  const auto deep = cp::text::to_int(cp::text::trim(wait_for_file(place + "/deep")));
  const auto child = cp::text::to_int(cp::text::trim(wait_for_file(place + "/child")));
  REQUIRE(is_running(static_cast<pid_t>(*deep)));
  REQUIRE(bench.launcher()->cancel(task.token, {}));
  const Observation seen = wait_end(*launcher, task.token);
  CHECK(seen.state == JobState::canceled);
  CHECK(seen.reason == JobReason::canceled);
  CHECK(seen.exit->status() == 128 + SIGTERM);
  CHECK_FALSE(is_running(static_cast<pid_t>(*deep)));
  CHECK_FALSE(is_running(static_cast<pid_t>(*child)));
}

TEST_CASE("a job that ignores SIGTERM is killed after its grace") {
  FOR_EACH_KIND();
  Task task = shell_task("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  task.grace = 200ms;
  REQUIRE(launcher->submit(task, {}));
  wait_until(*launcher, task.token, [&](const Observation& seen) {
    return seen.state == JobState::active &&
           log_of(*launcher, task.token, Stream::out) == "ready\n";
  });
  REQUIRE(launcher->cancel(task.token, {}));
  const Observation seen = wait_end(*launcher, task.token);
  REQUIRE(seen.exit);
  CHECK(seen.exit->status() == 128 + SIGKILL);
}

TEST_CASE("a job that is canceled before it comes never runs") {
  FOR_EACH_KIND();
  const std::string mark = bench.directory.path() + "/mark";
  const Task task = shell_task("echo ran > " + mark);
  REQUIRE(launcher->cancel(task.token, {}));
  (void)launcher->submit(task, {});
  const Observation seen = wait_end(*launcher, task.token);
  CHECK(seen.state == JobState::canceled);
  CHECK(seen.never_ran);
  CHECK(cp::read_file(mark, 10).error().code == cp::Errc::not_found);
}

TEST_CASE("cancel leaves a job that has ended as it is") {
  FOR_EACH_KIND();
  const Task task = shell_task("exit 4");
  run(*launcher, task);
  REQUIRE(launcher->cancel(task.token, {}));
  CHECK(look(*launcher, task.token).exit->status() == 4);
  CHECK(look(*launcher, task.token).state == JobState::failed);
}

TEST_CASE("what a job leaves running in the background ends with it") {
  FOR_EACH_KIND();
  const std::string place = bench.directory.path() + "/left";
  const Task task = shell_task("setsid sleep 1000 & echo $! > " + place);
  CHECK(run(*launcher, task).exit->status() == 0);
  const auto left = cp::text::to_int(cp::text::trim(wait_for_file(place)));
  CHECK_FALSE(is_running(static_cast<pid_t>(*left)));
}

TEST_CASE("what a killed supervisor leaves running is ended before its job is called lost") {
  Bench bench{{}, "local:"};
  const auto launcher = bench.launcher();
  const std::string place = bench.directory.path() + "/left";
  const Task task = shell_task("setsid sleep 1000 & echo $! > " + place + "; sleep 1000");
  const auto supervisor = cp::text::to_int(launcher->submit(task, {}).value());
  const auto left = cp::text::to_int(cp::text::trim(wait_for_file(place)));
  REQUIRE(::kill(static_cast<pid_t>(*supervisor), SIGKILL) == 0);
  const Observation seen = wait_end(*launcher, task.token);
  CHECK(seen.reason == JobReason::lost);
  CHECK_FALSE(seen.never_ran);
  CHECK_FALSE(is_running(static_cast<pid_t>(*left)));
}

TEST_CASE("the time limit is kept by the provider, with nobody awake") {
  FOR_EACH_KIND();
  Task task = shell_task("exec sleep 1000");
  task.time_limit = 100ms;
  const Observation seen = run(*launcher, task);
  CHECK(seen.state == JobState::failed);
  CHECK(seen.reason == JobReason::timeout);
  CHECK(seen.ran_for >= 100ms);
}

TEST_CASE("a job whose lease nobody renews ends") {
  FOR_EACH_KIND();
  Task task = shell_task("exec sleep 1000");
  task.lease = 200ms;
  CHECK(run(*launcher, task).state == JobState::canceled);
}

TEST_CASE("a job whose lease is renewed goes on") {
  FOR_EACH_KIND();
  const std::string go = bench.directory.path() + "/go";
  Task task = shell_task("while [ ! -e " + go + " ]; do sleep 0.02; done; echo done");
  task.lease = 2s;
  REQUIRE(launcher->submit(task, {}));
  // As long as the lease would take to run out twice over.
  const auto end = std::chrono::steady_clock::now() + 2 * *task.lease;
  const Observation seen = wait_until(*launcher, task.token, [&](const Observation& now) {
    REQUIRE(launcher->renew(task.token));
    if (std::chrono::steady_clock::now() >= end) {
      REQUIRE(cp::write_file(go, "", 0600));
    }
    return cp::model::is_terminal(now.state);
  });
  CHECK(seen.state == JobState::completed);
}

TEST_CASE(
    "a supervisor that is killed at any of its steps runs its job once at most, and says so") {
  if (!cp::find_in_path("strace")) {
    CP_LEAVE_OUT("strace is not installed");
    return;
  }
  Bench bench{{}, "local:"};
  const auto launcher = bench.launcher();
  const std::string calls = "write,rename,link,fsync,unlink,openat,fork,clone,setsid,execve,mkdir";
  bool ended_by_itself = false;
  for (int step = 1; step < 200 && !ended_by_itself; ++step) {
    INFO("killed at call " << step);
    const auto doomed = cp::provider::make_launcher(
        *cp::provider::parse_provider_url("local:"),
        {bench.directory.path(),
         {"strace", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
          "inject=" + calls + ":signal=KILL:when=" + std::to_string(step), CP_SUPERVISE,
          "--supervise"}});
    REQUIRE(doomed);
    const std::string mark = bench.directory.path() + "/mark" + std::to_string(step);
    const Task task = shell_task("echo ran >> " + mark);
    const auto taken = (*doomed)->submit(task, {});
    if (settled_verdict(*launcher, task.token) == Found::Verdict::absent) {
      REQUIRE_FALSE(taken);
      REQUIRE(launcher->submit(task, {}));
    }
    const Observation seen = wait_end(*launcher, task.token);
    const auto effect = cp::read_file(mark, 100);
    if (seen.state == JobState::completed) {
      CHECK(effect.value() == "ran\n");
    } else if (seen.never_ran) {
      CHECK(effect.error().code == cp::Errc::not_found);
    } else {
      CHECK((seen.reason == JobReason::lost || (seen.exit && seen.exit->signal == SIGKILL)));
      // The kill may fall between the opening of its file and the writing.
      CHECK((!effect || effect->empty() || *effect == "ran\n"));
    }
    ended_by_itself = taken && seen.state == JobState::completed;
  }
  CHECK(ended_by_itself);
}

TEST_CASE("more than the provider has is not admitted") {
  FOR_EACH_KIND();
  CHECK(launcher->admits({}));
  cp::model::JobResources wanted;
  SECTION("nodes") { wanted.nodes = 1'000'000; }
  SECTION("cores") { wanted.cores_per_process = 1'000'000; }
  SECTION("memory") { wanted.memory_bytes = std::int64_t{1} << 60; }
  const auto admitted = launcher->admits(wanted);
  REQUIRE_FALSE(admitted);
  CHECK(admitted.error().code == cp::Errc::failed);
}
