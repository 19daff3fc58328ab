// SPDX-License-Identifier: Apache-2.0
#include "net/fd_stream.hpp"

#include "net/gather.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::net {
namespace {

// Whoever is at the other end of a pipe takes or gives tens of kilobytes at once; a pipe that holds
// more lets both ends run longer.
constexpr int kPipeBytes = 1 << 20;

tl::unexpected<Error> stream_error(int error) {
  if (error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == EBADF) {
    return fail(Errc::unavailable, "the connection is cut");
  }
  return tl::unexpected<Error>(Error{errc_of_errno(error), errno_text(error), {}});
}

tl::unexpected<Error> silent() { return fail(Errc::timed_out, "the peer is silent"); }
tl::unexpected<Error> cut() { return fail(Errc::unavailable, "the connection is cut"); }

bool would_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

Result<void> make_ready(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return stream_error(errno);
  }
  static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, kPipeBytes));
  return {};
}

bool is_socket(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// Closes what FD stands for and keeps the number, which other threads may be using.
void put_away(int fd) {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup3(nothing.get(), fd, O_CLOEXEC);
}

}  // namespace

FdStream::FdStream(UniqueFd in, UniqueFd out, UniqueFd wake, bool sends_to_socket,
                   std::shared_ptr<void> owner)
    : owner_(std::move(owner)),
      in_(std::move(in)),
      out_(std::move(out)),
      wake_(std::move(wake)),
      sends_to_socket_(sends_to_socket) {}

Result<std::unique_ptr<FdStream>> FdStream::make(UniqueFd in, UniqueFd out,
                                                 std::shared_ptr<void> owner) {
  CP_TRY(make_ready(in.get()));
  if (out) {
    CP_TRY(make_ready(out.get()));
  }
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) {
    return fail_errno(errno, "eventfd");
  }
  const bool sends_to_socket = is_socket(out ? out.get() : in.get());
  return std::make_unique<FdStream>(std::move(in), std::move(out), std::move(wake), sends_to_socket,
                                    std::move(owner));
}

bool FdStream::is_writable() const {
  pollfd poll{sending_fd(), POLLOUT, 0};
  return ::poll(&poll, 1, 0) > 0;
}

Result<void> FdStream::set_patience(std::chrono::nanoseconds patience) {
  patience_ns_ = patience.count();
  return {};
}

SteadyTime FdStream::deadline() const {
  const std::int64_t patience = patience_ns_;
  return patience == 0 ? SteadyTime::max()
                       : SystemClock().steady() + std::chrono::nanoseconds(patience);
}

Result<void> FdStream::wait_for(int fd, short events, SteadyTime deadline) const {
  std::array<pollfd, 2> polls{pollfd{fd, events, 0}, pollfd{wake_.get(), POLLIN, 0}};
  while (!is_down_) {
    int milliseconds = -1;
    if (deadline != SteadyTime::max()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - SystemClock().steady()).count();
      if (left <= 0) {
        return silent();
      }
      milliseconds = static_cast<int>(std::min<std::int64_t>(left, 1 << 30));
    }
    if (::poll(polls.data(), polls.size(), milliseconds) > 0 && polls[0].revents != 0) {
      return {};
    }
  }
  return cut();
}

ssize_t FdStream::send_some(std::span<iovec> parts) const {
  if (!sends_to_socket_) {
    return ::writev(sending_fd(), parts.data(), static_cast<int>(parts.size()));
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(sending_fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<void> FdStream::send(std::span<const std::byte> first, std::span<const std::byte> second) {
  std::array<iovec, 2> parts{as_iovec(first), as_iovec(second)};
  while (parts[0].iov_len + parts[1].iov_len != 0) {
    const ssize_t count = is_down_ ? -1 : send_some(parts);
    if (count >= 0) {
      advance(parts, static_cast<std::size_t>(count));
    } else if (is_down_) {
      return cut();
    } else if (!would_wait()) {
      return stream_error(errno);
    } else {
      CP_TRY(wait_for(sending_fd(), POLLOUT, deadline()));
    }
  }
  return {};
}

Result<std::size_t> FdStream::receive(std::span<std::byte> out) {
  while (true) {
    CP_TRY_ASSIGN(const auto count, receive_now(out));
    if (count) {
      return *count;
    }
    CP_TRY(wait_for(in_.get(), POLLIN, deadline()));
  }
}

Result<std::optional<std::size_t>> FdStream::receive_now(std::span<std::byte> out) {
  if (is_down_) {
    return std::size_t{0};
  }
  const ssize_t count = ::read(in_.get(), out.data(), out.size());
  if (count >= 0) {
    return static_cast<std::size_t>(count);
  }
  if (would_wait()) {
    return std::nullopt;
  }
  return stream_error(errno);
}

Result<void> FdStream::wait(SteadyTime deadline) const {
  return wait_for(in_.get(), POLLIN, deadline);
}

void FdStream::end() {
  if (sends_to_socket_) {
    ::shutdown(sending_fd(), SHUT_WR);
  } else {
    put_away(sending_fd());
  }
}

void FdStream::shutdown() {
  if (is_down_.exchange(true)) {
    return;
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one) == 0);
  for (const UniqueFd* fd : {&in_, &out_}) {
    if (*fd && ::shutdown(fd->get(), SHUT_RDWR) != 0 && errno == ENOTSOCK) {
      put_away(fd->get());
    }
  }
}

}  // namespace cp::net
