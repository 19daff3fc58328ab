// SPDX-License-Identifier: Apache-2.0
#include "base/signals.hpp"

#include "base/process.hpp"

#include "catch.hpp"
#include <chrono>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

// The wait status of a child that runs BODY and ends with what it returns.
template <class Body>
int status_of(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      (void)::signal(number, SIG_DFL);  // the test runner has caught them
    }
    ::_exit(body());
  }
  return cp::wait_for(pid)->status();
}

bool stops_within(const cp::SignalStop& stop, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stop.token().stop_requested() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  return stop.token().stop_requested();
}

// Whether a SignalStop takes SIGNAL_NUMBER for a request.
bool is_a_request(int signal_number, bool with_hangup) {
  return status_of([&] {
           const cp::SignalStop stop(with_hangup);
           ::kill(::getpid(), signal_number);
           return stops_within(stop, 30s) && stop.signal() == signal_number ? 0 : 1;
         }) == 0;
}

}  // namespace

TEST_CASE("the first signal asks to stop") {
  CHECK(is_a_request(SIGINT, false));
  CHECK(is_a_request(SIGTERM, false));
  CHECK(is_a_request(SIGHUP, true));
}

TEST_CASE("a hang-up that is not asked for ends the process") {
  const int status = status_of([] {
    const cp::SignalStop stop;
    ::kill(::getpid(), SIGHUP);
    std::this_thread::sleep_for(30s);
    return 0;
  });
  CHECK(status == 128 + SIGHUP);
}

TEST_CASE("the second signal ends the process as it does by default") {
  const int status = status_of([] {
    const cp::SignalStop stop;
    ::kill(::getpid(), SIGINT);
    (void)stops_within(stop, 30s);
    ::kill(::getpid(), SIGTERM);
    std::this_thread::sleep_for(30s);
    return 0;
  });
  CHECK(status == 128 + SIGTERM);
}

TEST_CASE("without a signal nothing is asked, and the end waits for none") {
  const int status = status_of([] {
    const cp::SignalStop stop;
    return stop.token().stop_requested() || stop.signal() != 0 ? 1 : 0;
  });
  CHECK(status == 0);
}

TEST_CASE("a signal that was ignored when we came stays ignored") {
  // nohup, and a background job of a script: what the user told others is not for us.
  for (const int number : {SIGINT, SIGHUP}) {
    const int status = status_of([number] {
      (void)::signal(number, SIG_IGN);
      const cp::SignalStop stop(true);
      ::kill(::getpid(), number);
      ::kill(::getpid(), SIGTERM);
      return stops_within(stop, 30s) && stop.signal() == SIGTERM ? 0 : 1;
    });
    CHECK(status == 0);
  }
}

TEST_CASE("afterwards signals act as before") {
  const int status = status_of([] {
    { const cp::SignalStop stop; }
    ::kill(::getpid(), SIGINT);
    std::this_thread::sleep_for(30s);
    return 0;
  });
  CHECK(status == 128 + SIGINT);
}

TEST_CASE("a process can end by a signal that it has caught and blocked") {
  const int status = status_of([]() -> int {
    (void)::signal(SIGTERM, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    cp::end_by_signal(SIGTERM);
  });
  CHECK(status == 128 + SIGTERM);
}
