// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_listener.hpp"

#include "net/sockaddr.hpp"

#include <array>
#include <cerrno>
#include <poll.h>

namespace cp::net {
namespace {

constexpr int kBacklog = 1024;
// How long accepting rests when this process or the system has no descriptor to spare.
constexpr int kRestMilliseconds = 100;

bool lacks_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

bool wait_for(int fd, int stop_fd) {
  std::array<pollfd, 2> polls{pollfd{fd, POLLIN, 0}, pollfd{stop_fd, POLLIN, 0}};
  ::poll(polls.data(), polls.size(), -1);
  return polls[1].revents == 0;
}

bool rest(int stop_fd) {
  pollfd stop{stop_fd, POLLIN, 0};
  return ::poll(&stop, 1, kRestMilliseconds) <= 0;
}

}  // namespace

Result<TcpListener> TcpListener::bind(const Endpoint& local) {
  SocketAddress address = to_socket_address(local);
  UniqueFd fd(::socket(address.base.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), &address.base, address.length) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const Errc code = errno == EACCES ? Errc::denied : Errc::unavailable;
    return fail_errno(code, errno, "cannot listen on " + local.to_string());
  }
  return TcpListener(std::move(fd));
}

Result<Endpoint> TcpListener::local() const {
  SocketAddress address;
  if (::getsockname(fd_.get(), &address.base, &address.length) != 0) {
    return fail_errno(errno, "getsockname");
  }
  return to_endpoint(address).value_or(Endpoint{});
}

Result<TcpStream> TcpListener::accept(const StopFd& stop) {
  bool goes_on = wait_for(fd_.get(), stop.get());
  while (goes_on) {
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const int error = errno;
    if (fd) {
      if (auto stream = TcpStream::adopt(std::move(fd))) {
        return stream;
      }
    }
    goes_on = lacks_descriptors(error) && !fd ? rest(stop.get()) : wait_for(fd_.get(), stop.get());
  }
  return fail(Errc::timed_out, "interrupted");
}

}  // namespace cp::net
