// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

namespace cp {

/// Turns SIGINT and SIGTERM into a request on a stop token, so that a command can clean up and
/// leave what can be resumed; a second one ends the process at once, as the signal does by default.
/// One per process, made on the main thread before any other thread; while it lives these signals
/// are blocked everywhere and one thread of its own waits for them. Programs started by `spawn` get
/// an empty mask. A signal that was ignored already stays ignored, as nohup(1) wants it.
class SignalStop {
 public:
  /// WITH_HANGUP takes SIGHUP as well.
  explicit SignalStop(bool with_hangup = false);
  /// Calls ON_HANGUP at each SIGHUP, on a thread of its own, and goes on.
  explicit SignalStop(std::function<void()> on_hangup);
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  /// The signal that asked, or 0.
  int signal() const { return signal_.load(); }

 private:
  void wait(bool with_hangup);

  std::function<void()> on_hangup_;
  std::stop_source source_;
  std::atomic<int> signal_{0};
  std::atomic<bool> done_{false};
  std::thread waiter_;
};

/// From now on writing to a pipe that nobody reads is an error (EPIPE), not the end of this
/// process.
void survive_closed_pipes();

/// Ends this process by SIGNAL_NUMBER's default action, so that the shell sees 128+N and its
/// reason.
[[noreturn]] void end_by_signal(int signal_number);

}  // namespace cp
