// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "base/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace cp {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongest = 24h * 365;
constexpr std::chrono::milliseconds kStopInterval = 100ms;  // how late a stop may be noticed
constexpr std::chrono::microseconds kLongestPause = 20ms;

// write(2) that says EPIPE without its signal: a program may end before it has read all.
ssize_t write_quietly(int fd, std::string_view bytes) {
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t count = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  if (count < 0 && error == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec at_once{};
    ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return count;
}

// A program that runs while we write to it and read from it.
class Running {
 public:
  Running(const Command& command, std::string_view input) : command_(command), input_(input) {}

  Result<void> start() {
    CP_TRY_ASSIGN(Pipe in, make_pipe());
    CP_TRY_ASSIGN(Pipe out, make_pipe());
    CP_TRY_ASSIGN(Pipe err, make_pipe());
    command_.standard_input = in.read.get();
    command_.standard_output = out.write.get();
    command_.standard_error = err.write.get();
    CP_TRY_ASSIGN(pid_, spawn(command_));
    ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    return {};
  }

  // Whether it has said all and ended. It may end its output long before itself.
  Result<bool> has_ended() {
    if (out_ || err_) {
      return false;
    }
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
      return fail_errno(Errc::internal, errno, "cannot wait for a process");
    }
    if (info.si_pid == 0) {
      return false;
    }
    CP_TRY_ASSIGN(captured_.exit, wait_for(pid_));
    return true;
  }

  // Moves what there is to move, and waits for it no longer than LONGEST.
  Result<void> step(std::chrono::milliseconds longest) {
    if (input_.empty()) {
      in_.reset();
    }
    if (!out_ && !err_) {
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause_, longest));
      pause_ = std::min(2 * pause_, kLongestPause);
      return {};
    }
    std::array<pollfd, 3> wanted{
        {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {in_.get(), POLLOUT, 0}}};
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(longest.count())) < 0) {
      return errno == EINTR ? Result<void>{} : fail_errno(Errc::io, errno, "cannot poll");
    }
    if (wanted[2].revents != 0) {
      feed();
    }
    if (wanted[0].revents != 0) {
      CP_TRY(take(out_, captured_.output));
    }
    return wanted[1].revents != 0 ? take(err_, captured_.errors) : Result<void>{};
  }

  void kill() {
    ::kill(command_.own_group || command_.own_session ? -pid_ : pid_, SIGKILL);
    (void)wait_for(pid_);
  }

  Captured result() && { return std::move(captured_); }

 private:
  void feed() {
    const ssize_t count = write_quietly(in_.get(), input_);
    if (count >= 0) {
      input_.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN && errno != EINTR) {
      input_ = {};  // it does not want the rest
    }
  }

  Result<void> take(UniqueFd& from, std::string& to) {
    CP_TRY_ASSIGN(const std::size_t count, read_some(from.get(), buffer_));
    if (count == 0) {
      from.reset();
    } else if (to.size() + count > limits::captured_bytes) {
      return fail(Errc::bad_data, "{} prints too much", command_.argv.front());
    }
    to.append(buffer_.data(), count);
    return {};
  }

  Command command_;
  std::string_view input_;
  pid_t pid_ = 0;
  UniqueFd in_;
  UniqueFd out_;
  UniqueFd err_;
  Captured captured_;
  std::chrono::microseconds pause_{50};
  std::array<char, 65536> buffer_;
};

Result<void> step_until(steady_clock::time_point end, Running& program, const std::string& name,
                        const std::stop_token& stop) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
  if (left <= 0ms) {
    return fail(Errc::timed_out, "{} timed out", name);
  }
  if (stop.stop_requested()) {
    return fail(Errc::timed_out, "{} was stopped", name);
  }
  return program.step(
      std::min(left, stop.stop_possible() ? kStopInterval : std::chrono::milliseconds(1min)));
}

}  // namespace

Result<Captured> capture(const Command& command, std::string_view input,
                         std::chrono::nanoseconds timeout, std::stop_token stop) {
  const auto end = steady_clock::now() + std::min(timeout, kLongest);
  Running program(command, input);
  CP_TRY(program.start());
  while (true) {
    CP_TRY_ASSIGN(const bool ended, program.has_ended());
    if (ended) {
      return std::move(program).result();
    }
    if (auto moved = step_until(end, program, command.argv.front(), stop); !moved) {
      program.kill();
      return tl::unexpected<Error>(std::move(moved).error());
    }
  }
}

}  // namespace cp
