// SPDX-License-Identifier: Apache-2.0
#include "transfer/murmur.hpp"

#include "base/thread.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cp::transfer {
namespace {

constexpr auto kBetweenPings = std::chrono::milliseconds(500);

}  // namespace

Murmur::Murmur(Control& control) {
  auto thread = start_thread([&control](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      never.wait_for(lock, stop, kBetweenPings, [] { return false; });
      // Whoever is gone is missed by the thread that talks.
      if (!stop.stop_requested()) {
        static_cast<void>(control.send_if_idle(MessageType::ping, ""));
      }
    }
  });
  if (thread) {
    thread_ = *std::move(thread);
  }
}

}  // namespace cp::transfer
