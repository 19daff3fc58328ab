// SPDX-License-Identifier: Apache-2.0
#include "provider/local/supervisor.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "provider/local/child.hpp"
#include "provider/local/descendants.hpp"
#include "provider/local/layout.hpp"
#include "provider/local/supervised_task.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cp::provider::local {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTaskBytes = 64U << 20U;
constexpr auto kKillAgain = 100ms;  // how often SIGKILL is repeated while new processes appear
constexpr auto kGiveUp = 5s;        // for processes that not even SIGKILL ends
constexpr auto kNothing = 3600s;    // how long to sleep when there is no deadline

// The lock of the submission, which ends with its last descriptor, is gone before anybody reads
// WORD.
void say(std::string_view word) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDERR_FILENO);
  (void)write_all(STDOUT_FILENO, std::string(word) + "\n");
  ::dup2(null.get(), STDOUT_FILENO);
}

// What the caller's shell left open is no business of the job's: a pipe or a lock would live as
// long as it does.
void close_the_rest() {
  constexpr int kMostWithoutCloseRange = 1024;
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {  // Linux before 5.9
    for (int fd = 3; fd < kMostWithoutCloseRange; ++fd) {
      ::close(fd);
    }
  }
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

Consumption used_by_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return {seconds(usage.ru_utime), seconds(usage.ru_stime), std::int64_t{usage.ru_maxrss} * 1024};
}

Result<Holder> make_holder(const Task& task) {
  std::array<std::byte, 16> nonce{};
  KernelRandom().fill(nonce);
  Holder holder;
  constexpr std::string_view digits = "0123456789abcdef";
  for (const auto byte : nonce) {
    holder.nonce += digits[std::to_integer<std::size_t>(byte >> 4)];
    holder.nonce += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  holder.host = host_identity();
  CP_TRY_ASSIGN(holder.process, identify(::getpid()));
  holder.standard_output = task.standard_output;
  holder.standard_error = task.standard_error;
  return holder;
}

class Supervisor {
 public:
  explicit Supervisor(SupervisedTask task)
      : task_(std::move(task.task)), layout_(std::move(task.root), task_.token) {}

  int run() {
    block_signals();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::prctl(PR_SET_NAME, "cprun-job");
    const auto ready = get_ready();
    if (!ready) {
      say("failed " + ready.error().message);
      return exit_status(ready.error().code);
    }
    say(*ready ? kTaken : kHeld);
    return *ready ? supervise() : 0;
  }

 private:
  void block_signals() {
    sigset_t set;
    sigfillset(&set);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT}) {
      sigaddset(&wanted, number);
    }
    signals_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  // False: another supervisor has the job.
  Result<bool> get_ready() {
    CP_TRY_ASSIGN(const Holder holder, make_holder(task_));
    CP_TRY_ASSIGN(const bool taken, take_fence(layout_, holder));
    if (!taken) {
      return false;
    }
    if (const auto reserved = reserve_record(layout_); !reserved) {
      (void)release_fence(layout_);
      return tl::unexpected(reserved.error());
    }
    return true;
  }

  int supervise() {
    if (::access(layout_.cancel().c_str(), F_OK) == 0) {
      ended_.executed = false;
      ended_.cause = Cause::canceled;
      return finish();
    }
    const auto child = start_child(task_);
    if (!child) {
      ended_.executed = false;
      ended_.message = child.error().message;
      if (child.error().exit.code != 125) {
        ended_.exit = child.error().exit;
      }
      return finish();
    }
    main_ = *child;
    began_ = clock_.steady();
    ended_.started_at = clock_.now();
    (void)publish(layout_.started(), encode(Started{*ended_.started_at, main_}));
    set_deadlines();
    while (!ended_.exit) {
      wait_until(next_deadline());
      take_signals();
      reap();
      keep_limits();
    }
    end_the_rest();
    ended_.used = used_by_children();
    return finish();
  }

  void set_deadlines() {
    if (task_.time_limit) {
      limit_at_ = began_ + *task_.time_limit;
    }
    if (task_.lease) {
      lease_at_ = began_ + *task_.lease;
      lease_changed_ = lease_change();
    }
  }

  SteadyTime next_deadline() const {
    SteadyTime next = clock_.steady() + kNothing;
    for (const auto& deadline : {limit_at_, lease_at_, kill_at_}) {
      next = std::min(next, deadline.value_or(next));
    }
    return next;
  }

  void wait_until(SteadyTime when) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - clock_.steady());
    pollfd wanted{signals_.get(), POLLIN, 0};
    (void)::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  }

  void take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGCHLD) {
        const bool asked = ::access(layout_.cancel().c_str(), F_OK) == 0;
        terminate(asked ? Cause::canceled : Cause::shutdown);
      }
    }
  }

  /// False when there is no child left.
  bool reap() {
    while (true) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) {
        return pid == 0;
      }
      if (pid == main_) {
        ended_.exit =
            WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
        ended_.ran_for = clock_.steady() - began_;
        ended_.at = clock_.now();
      }
    }
  }

  void keep_limits() {
    const SteadyTime now = clock_.steady();
    if (ended_.exit) {
      return;
    }
    if (limit_at_ && now >= *limit_at_) {
      limit_at_.reset();
      terminate(Cause::time_limit);
    }
    if (lease_at_ && now >= *lease_at_) {
      check_lease(now);
    }
    if (kill_at_ && now >= *kill_at_) {
      signal_descendants(SIGKILL);
      kill_at_ = now + kKillAgain;
    }
  }

  // Only that it was renewed counts, not when: the wall clock may step.
  void check_lease(SteadyTime now) {
    const auto changed = lease_change();
    if (changed == lease_changed_) {
      lease_at_.reset();
      terminate(Cause::lease);
    } else {
      lease_changed_ = changed;
      lease_at_ = now + *task_.lease;
    }
  }

  std::int64_t lease_change() const {
    struct stat status {};
    if (::stat(layout_.lease().c_str(), &status) != 0) {
      return 0;
    }
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  }

  void terminate(Cause cause) {
    if (ended_.cause == Cause::none) {
      ended_.cause = cause;
      kill_at_ = clock_.steady() + task_.grace;
    }
    signal_descendants(SIGTERM);
    signal_descendants(SIGCONT);
  }

  // What the main process leaves behind ends with it, as under Slurm; of a job that was told to
  // end, each process has the whole grace.
  void end_the_rest() {
    const SteadyTime last = clock_.steady() + kGiveUp + (kill_at_ ? task_.grace : 0s);
    while (reap()) {
      const SteadyTime now = clock_.steady();
      if (now >= last) {
        ended_.message = "some of its processes could not be ended";
        return;
      }
      if (!kill_at_ || now >= *kill_at_) {
        signal_descendants(SIGKILL);
        kill_at_ = now + kKillAgain;
      }
      wait_until(*kill_at_);
      signalfd_siginfo info{};
      while (::read(signals_.get(), &info, sizeof info) > 0) {
      }
    }
  }

  int finish() {
    if (ended_.at == UnixTime{}) {
      ended_.at = clock_.now();
    }
    const auto written = finish_record(layout_, ended_);
    return written ? 0 : exit_status(written.error().code);
  }

  Task task_;
  Layout layout_;
  SystemClock clock_;
  UniqueFd signals_;
  pid_t main_ = 0;
  SteadyTime began_{};
  std::optional<SteadyTime> limit_at_;
  std::optional<SteadyTime> lease_at_;
  std::optional<SteadyTime> kill_at_;
  std::int64_t lease_changed_ = 0;
  Ended ended_;
};

}  // namespace

std::optional<int> supervise_if_asked(int argc, char** argv) {
  if (argc < 2 || argv[1] != kSuperviseArgument) {
    return std::nullopt;
  }
  close_the_rest();
  const auto bytes = read_to_end(STDIN_FILENO, kTaskBytes);
  auto task = bytes ? decode_task(*bytes) : fail(Errc::protocol, "no task on standard input");
  if (!task) {
    say("failed " + task.error().message);
    return exit_status(task.error().code);
  }
  return Supervisor(*std::move(task)).run();
}

}  // namespace cp::provider::local
