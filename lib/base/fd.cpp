// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace cp {
namespace {

// Whether the call that failed with errno is to be made again: after a signal at once, and on a
// descriptor that somebody else made non-blocking (ssh does so to the standard ones) when it is
// ready.
bool try_again(int fd, short event) {
  if (errno == EAGAIN) {
    pollfd wanted{fd, event, 0};
    ::poll(&wanted, 1, -1);
    return true;
  }
  return errno == EINTR;
}

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = fd;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && !try_again(fd, POLLOUT)) {
      return tl::unexpected<Error>(Error{Errc::io, errno_text(errno), {}});
    }
    bytes.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::size_t> read_some(int fd, std::span<char> out) {
  while (true) {
    const ssize_t count = ::read(fd, out.data(), out.size());
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (!try_again(fd, POLLIN)) {
      return tl::unexpected<Error>(Error{Errc::io, errno_text(errno), {}});
    }
  }
}

Result<void> read_exact(int fd, std::span<char> out) {
  while (!out.empty()) {
    CP_TRY_ASSIGN(const std::size_t count, read_some(fd, out));
    if (count == 0) {
      return fail(Errc::bad_data, "unexpected end");
    }
    out = out.subspan(count);
  }
  return {};
}

Result<std::string> read_to_end(int fd, std::size_t limit) {
  std::string all;
  std::array<char, 65536> buffer;
  while (true) {
    CP_TRY_ASSIGN(const std::size_t count, read_some(fd, buffer));
    if (count == 0) {
      return all;
    }
    if (all.size() + count > limit) {
      return fail(Errc::bad_data, "longer than {} bytes", limit);
    }
    all.append(buffer.data(), count);
  }
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno(Errc::io, errno, "cannot make a pipe");
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace cp
