// SPDX-License-Identifier: Apache-2.0
#include "net/stop_fd.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cp::net {

StopFd::StopFd(UniqueFd event, const std::stop_token& stop)
    : event_(std::move(event)), callback_(stop, [fd = event_.get()] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
      }) {}

Result<std::unique_ptr<StopFd>> StopFd::make(const std::stop_token& stop) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    return fail_errno(errno, "eventfd");
  }
  return std::make_unique<StopFd>(std::move(event), stop);
}

}  // namespace cp::net
