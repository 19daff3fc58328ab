// SPDX-License-Identifier: Apache-2.0
#include "transfer/hang_up.hpp"

#include <poll.h>

namespace cp::transfer {
namespace {

constexpr int kLookMilliseconds = 20;

void watch(const std::stop_token& end, int fd, std::stop_source gone) {
  while (!end.stop_requested()) {
    // What can be read is left for whoever reads.
    pollfd poll{fd, POLLRDHUP, 0};
    if (::poll(&poll, 1, kLookMilliseconds) > 0) {
      gone.request_stop();
      return;
    }
  }
}

}  // namespace

HangUpStop::HangUpStop(int fd, const std::stop_token& other)
    : forward_(other, [stop = stop_]() mutable { stop.request_stop(); }),
      thread_([fd, stop = stop_](const std::stop_token& end) { watch(end, fd, stop); }) {}

}  // namespace cp::transfer
