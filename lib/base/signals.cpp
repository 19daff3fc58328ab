// SPDX-License-Identifier: Apache-2.0
#include "base/signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace cp {
namespace {

// A signal that was ignored when we came (nohup, a background job of a script) stays so; once
// blocked it would be delivered to sigwait all the same.
bool is_ignored(int signal_number) {
  struct sigaction action {};
  return ::sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t watched(bool with_hangup) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(number) && (number != SIGHUP || with_hangup)) {
      sigaddset(&set, number);
    }
  }
  // The destructor wakes its own thread with this one; nobody else uses it.
  sigaddset(&set, SIGURG);
  return set;
}

}  // namespace

SignalStop::SignalStop(bool with_hangup) { wait(with_hangup); }

SignalStop::SignalStop(std::function<void()> on_hangup) : on_hangup_(std::move(on_hangup)) {
  wait(true);
}

void SignalStop::wait(bool with_hangup) {
  const sigset_t set = watched(with_hangup);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this, set] {
    while (true) {
      int number = 0;
      if (::sigwait(&set, &number) != 0 || done_.load()) {
        return;
      }
      if (number == SIGURG) {
        continue;
      }
      if (number == SIGHUP && on_hangup_) {
        on_hangup_();
        continue;
      }
      if (signal_.exchange(number) != 0) {
        end_by_signal(number);
      }
      source_.request_stop();
    }
  });
}

SignalStop::~SignalStop() {
  done_.store(true);
  ::pthread_kill(waiter_.native_handle(), SIGURG);
  waiter_.join();
  // A signal that came in between stays pending and takes effect when it is unblocked.
  const sigset_t set = watched(true);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void survive_closed_pipes() { ::signal(SIGPIPE, SIG_IGN); }

void end_by_signal(int signal_number) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal_number, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal_number);
  ::_exit(128 + signal_number);
}

}  // namespace cp
