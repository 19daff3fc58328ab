// SPDX-License-Identifier: Apache-2.0
#include "transfer/wake.hpp"

#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cp::transfer {

Result<Wake> Wake::make() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) {
    return fail_errno(errno, "cannot make an eventfd");
  }
  return Wake(std::move(fd));
}

void Wake::signal() const {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the other is awake.
  static_cast<void>(::write(fd_.get(), &one, sizeof one) == 0);
}

void Wake::clear() const {
  std::uint64_t count = 0;
  static_cast<void>(::read(fd_.get(), &count, sizeof count) == 0);
}

void Wake::wait(std::chrono::milliseconds timeout) const {
  pollfd poll{fd_.get(), POLLIN, 0};
  if (::poll(&poll, 1, static_cast<int>(timeout.count())) > 0) {
    clear();
  }
}

}  // namespace cp::transfer
