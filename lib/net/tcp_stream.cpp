// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_stream.hpp"

#include "net/gather.hpp"
#include "net/sockaddr.hpp"
#include "net/stop_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string_view>
#include <sys/time.h>
#include <sys/uio.h>

namespace cp::net {
namespace {

tl::unexpected<Error> socket_error(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == ETIMEDOUT) {
    return fail(Errc::timed_out, "the peer is silent");
  }
  if (error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ESHUTDOWN) {
    return fail(Errc::unavailable, "the connection is cut");
  }
  return tl::unexpected<Error>(Error{errc_of_errno(error), errno_text(error), {}});
}

tl::unexpected<Error> connect_error(const Endpoint& peer, int error) {
  const Errc code = error == ETIMEDOUT ? Errc::timed_out : Errc::unavailable;
  return fail_errno(code, error, "cannot connect to " + peer.to_string());
}

// Waits until FD is connected; its error, or 0.
Result<int> finish_connecting(int fd, std::chrono::nanoseconds timeout, int stop_fd) {
  std::array<pollfd, 2> polls{pollfd{fd, POLLOUT, 0}, pollfd{stop_fd, POLLIN, 0}};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const int ready = ::poll(polls.data(), polls.size(),
                           static_cast<int>(std::min<std::int64_t>(milliseconds, 1 << 30)));
  if (ready <= 0 || polls[1].revents != 0) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
    return errno;
  }
  return error;
}

// Within one machine nothing is lost and nothing queues: bbr's pacing halves the rate there.
void do_without_congestion_control(int fd) {
  constexpr std::string_view reno = "reno";
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno.data(),
                                 static_cast<socklen_t>(reno.size())));
}

// What a slow stream holds back unsent, faster ones cannot take over. It is enough for 5 Gbit/s
// while the next chunk is made.
void keep_little_unsent(int fd) {
  constexpr int kUnsent = 256 << 10;
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsent, sizeof kUnsent));
}

std::size_t total_of(const std::array<iovec, 2>& parts) {
  return parts[0].iov_len + parts[1].iov_len;
}

}  // namespace

Result<TcpStream> TcpStream::connect(const Endpoint& peer, std::chrono::nanoseconds timeout,
                                     const std::stop_token& stop) {
  SocketAddress address = to_socket_address(peer);
  UniqueFd fd(::socket(address.base.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return connect_error(peer, errno);
  }
  CP_TRY_ASSIGN(const auto stop_fd, StopFd::make(stop));
  int error = ::connect(fd.get(), &address.base, address.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    CP_TRY_ASSIGN(error, finish_connecting(fd.get(), timeout, stop_fd->get()));
  }
  if (error != 0) {
    return connect_error(peer, error);
  }
  return adopt(std::move(fd));
}

Result<TcpStream> TcpStream::adopt(UniqueFd fd) {
  SocketAddress address;
  if (::getpeername(fd.get(), &address.base, &address.length) != 0) {
    return socket_error(errno);
  }
  const auto peer = to_endpoint(address);
  if (!peer) {
    return fail(Errc::internal, "a TCP connection over no IP");
  }
  const int flags = ::fcntl(fd.get(), F_GETFL);
  const int on = 1;
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) != 0 ||
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    return socket_error(errno);
  }
  if (peer->address.is_loopback()) {
    do_without_congestion_control(fd.get());
  } else {
    keep_little_unsent(fd.get());
  }
  return TcpStream(std::move(fd), *peer);
}

Result<Endpoint> TcpStream::local() const {
  SocketAddress address;
  if (::getsockname(fd_.get(), &address.base, &address.length) != 0) {
    return socket_error(errno);
  }
  return to_endpoint(address).value_or(Endpoint{});
}

bool TcpStream::is_writable() const {
  pollfd poll{fd_.get(), POLLOUT, 0};
  return ::poll(&poll, 1, 0) > 0;
}

Result<void> TcpStream::set_patience(std::chrono::nanoseconds patience) {
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(patience).count();
  const timeval time{micros / 1'000'000, micros % 1'000'000};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(fd_.get(), SOL_SOCKET, option, &time, sizeof time) != 0) {
      return socket_error(errno);
    }
  }
  return {};
}

Result<void> TcpStream::send(std::span<const std::byte> first, std::span<const std::byte> second) {
  std::array<iovec, 2> parts{as_iovec(first), as_iovec(second)};
  while (total_of(parts) != 0) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t count = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) {
      return socket_error(errno);
    }
    advance(parts, count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::size_t> TcpStream::receive(std::span<std::byte> out) {
  while (true) {
    const ssize_t count = ::recv(fd_.get(), out.data(), out.size(), 0);
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) {
      return socket_error(errno);
    }
  }
}

Result<std::optional<std::size_t>> TcpStream::receive_now(std::span<std::byte> out) {
  const ssize_t count = ::recv(fd_.get(), out.data(), out.size(), MSG_DONTWAIT);
  if (count >= 0) {
    return static_cast<std::size_t>(count);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return std::nullopt;
  }
  return socket_error(errno);
}

Result<std::optional<std::byte>> TcpStream::peek(SteadyTime deadline) const {
  CP_TRY(wait(deadline));
  std::byte first{};
  const ssize_t count = ::recv(fd_.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0) {
    return socket_error(errno);
  }
  return count == 0 ? std::nullopt : std::optional(first);
}

Result<void> TcpStream::wait(SteadyTime deadline) const {
  pollfd poll{fd_.get(), POLLIN, 0};
  while (true) {
    const auto left = deadline - SystemClock().steady();
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (milliseconds <= 0) {
      return socket_error(ETIMEDOUT);
    }
    if (::poll(&poll, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, 1 << 30))) > 0) {
      return {};
    }
  }
}

void TcpStream::end() { ::shutdown(fd_.get(), SHUT_WR); }
void TcpStream::shutdown() { ::shutdown(fd_.get(), SHUT_RDWR); }

}  // namespace cp::net
