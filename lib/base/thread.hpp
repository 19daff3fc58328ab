// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <future>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cp {

/// Policy of std::async: on a thread of its own at once, or where the system has none to spare by
/// whoever asks for the result.
inline constexpr std::launch with_a_thread_if_any = std::launch::async | std::launch::deferred;

/// What WORK returns, a Result. timed_out when the system had no thread or memory to spare for it:
/// limits of a user, a container or the machine, which the standard library tells by exceptions.
template <class Work>
auto within_means(Work&& work) -> decltype(std::forward<Work>(work)()) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) {
      throw;
    }
    return with_hint(fail(Errc::timed_out, "the system has no thread to spare: {}",
                          errno_text(error.code().value())),
                     "try again, or raise the limit of processes (ulimit -u)");
  } catch (const std::bad_alloc&) {
    return fail(Errc::timed_out, "the system has no memory to spare");
  }
}

/// A thread that runs WORK, and is joined when it goes. timed_out when the system has none to
/// spare.
template <class Work>
Result<std::jthread> start_thread(Work&& work) {
  return within_means(
      [&]() -> Result<std::jthread> { return std::jthread(std::forward<Work>(work)); });
}

/// Up to COUNT threads that run WORK each; fewer, and none at all, where the system has no more to
/// spare.
template <class Work>
std::vector<std::jthread> start_threads(std::size_t count, const Work& work) {
  std::vector<std::jthread> threads;
  while (threads.size() < count) {
    auto thread = start_thread(work);
    if (!thread) {
      break;
    }
    threads.push_back(*std::move(thread));
  }
  return threads;
}

}  // namespace cp
