// SPDX-License-Identifier: Apache-2.0
#include "provider/local/child.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cp::provider::local {
namespace {

constexpr int kNotExecutable = 126;
constexpr int kNoSuchProgram = 127;
constexpr int kNotRun = 125;
constexpr int kBusyTries = 100;

struct Streams {
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
};

tl::unexpected<StartFailure> not_run(std::string message) {
  return tl::unexpected(StartFailure{{kNotRun, 0}, std::move(message)});
}

tl::expected<UniqueFd, StartFailure> open_for(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666));
  if (!fd) {
    return not_run("cannot open " + path + ": " + errno_text(errno));
  }
  return fd;
}

tl::expected<Streams, StartFailure> open_streams(const Task& task) {
  constexpr int writing = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  auto in = open_for(task.standard_input.empty() ? "/dev/null" : task.standard_input, O_RDONLY);
  if (!in) {
    return tl::unexpected(in.error());
  }
  auto out = open_for(task.standard_output, writing);
  if (!out) {
    return tl::unexpected(out.error());
  }
  auto err = open_for(task.standard_error, writing);
  if (!err) {
    return tl::unexpected(err.error());
  }
  return Streams{*std::move(in), *std::move(out), *std::move(err)};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts) {
    out.push_back(const_cast<char*>(text.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

struct Prepared {
  Streams streams;
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory;
};

/// What the child says when it could not become the job.
struct Refusal {
  enum class Step : int { directory, execution };
  Step step;
  int error;
};

// A forked copy of another thread's descriptor may keep a file that was just written busy for a
// moment.
void execute(char* const* argv) {
  for (int i = 0; i < kBusyTries; ++i) {
    ::execvp(argv[0], argv);
    if (errno != ETXTBSY) {
      return;
    }
    const timespec pause{0, 2'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

[[noreturn]] void become_job(const Prepared& prepared, pid_t supervisor, int report) {
  const auto refuse = [&](Refusal::Step step) {
    const Refusal refusal{step, errno};
    (void)!::write(report, &refusal, sizeof refusal);
    ::_exit(kNotRun);
  };
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) {
    ::_exit(kNotRun);
  }
  ::dup2(prepared.streams.in.get(), 0);
  ::dup2(prepared.streams.out.get(), 1);
  ::dup2(prepared.streams.err.get(), 2);
  if (::chdir(prepared.directory) != 0) {
    refuse(Refusal::Step::directory);
  }
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  environ = const_cast<char**>(prepared.environment.data());
  execute(prepared.argv.data());
  refuse(Refusal::Step::execution);
  ::_exit(kNotRun);
}

std::string_view path_of(const std::vector<std::string>& environment) {
  constexpr std::string_view name = "PATH=";
  for (const std::string& entry : environment) {
    if (entry.starts_with(name)) {
      return std::string_view(entry).substr(name.size());
    }
  }
  return {};
}

// As a shell tells them apart: 127 for a program that is not there, 126 for one that is there and
// cannot be executed, its interpreter missing included.
StartFailure explain(const Task& task, const Refusal& refusal) {
  if (refusal.step == Refusal::Step::directory) {
    return {{kNotRun, 0}, "cannot enter " + task.directory + ": " + errno_text(refusal.error)};
  }
  const bool is_path = task.executable.find('/') != std::string::npos;
  const std::string path = task.executable.starts_with('/')
                               ? task.executable
                               : path_join(task.directory, task.executable);
  struct stat status {};
  const bool exists = is_path && ::stat(path.c_str(), &status) == 0;
  // execvp(3) says "permission denied" as soon as one directory of PATH may not be searched.
  const bool is_hidden = refusal.error == EACCES && !is_path &&
                         !stands_in_path(task.executable, path_of(task.environment));
  if ((refusal.error == ENOENT && !is_path) || is_hidden) {
    return {{kNoSuchProgram, 0}, task.executable + ": command not found"};
  }
  if (exists && S_ISDIR(status.st_mode)) {
    return {{kNotExecutable, 0}, "cannot execute " + task.executable + ": is a directory"};
  }
  if (refusal.error == ENOENT && exists) {
    return {{kNotExecutable, 0},
            "cannot execute " + task.executable + ": its interpreter is missing"};
  }
  const bool missing = refusal.error == ENOENT || refusal.error == ENOTDIR;
  return {{missing ? kNoSuchProgram : kNotExecutable, 0},
          "cannot execute " + task.executable + ": " + errno_text(refusal.error)};
}

}  // namespace

tl::expected<pid_t, StartFailure> start_child(const Task& task) {
  auto streams = open_streams(task);
  if (!streams) {
    return tl::unexpected(streams.error());
  }
  std::vector<std::string> argv{task.executable};
  argv.insert(argv.end(), task.arguments.begin(), task.arguments.end());
  const Prepared prepared{*std::move(streams), pointers(argv), pointers(task.environment),
                          task.directory.c_str()};
  auto report = make_pipe();
  if (!report) {
    return not_run(report.error().message);
  }
  const pid_t supervisor = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return not_run("cannot start a process: " + errno_text(errno));
  }
  if (pid == 0) {
    become_job(prepared, supervisor, report->write.get());
  }
  report->write.reset();
  Refusal refusal{};
  const auto said =
      read_exact(report->read.get(), {reinterpret_cast<char*>(&refusal), sizeof refusal});
  if (!said) {
    return pid;
  }
  ::waitpid(pid, nullptr, 0);
  return tl::unexpected(explain(task, refusal));
}

}  // namespace cp::provider::local
