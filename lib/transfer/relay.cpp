// SPDX-License-Identifier: Apache-2.0
#include "transfer/relay.hpp"

#include "net/fd_stream.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace cp::transfer {

Result<std::unique_ptr<Relay>> Relay::make(Control& control) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "socketpair");
  }
  return std::make_unique<Relay>(control, UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Relay::Relay(Control& control, UniqueFd inner, UniqueFd outer)
    : control_(control), inner_(std::move(inner)), outer_(std::move(outer)) {}

Relay::~Relay() {
  close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

Result<std::unique_ptr<net::Stream>> Relay::take_stream() {
  if (!outer_) {
    return fail(Errc::unavailable, "the connection to the other host is used up");
  }
  CP_TRY_ASSIGN(auto stream, net::FdStream::make(std::move(outer_), {}));
  thread_ = std::thread([this] { carry_out_bytes(); });
  return stream;
}

// Until the client has closed its end.
void Relay::carry_out_bytes() {
  std::array<char, Relayed::most_bytes> buffer{};
  bool goes_on = true;
  while (goes_on) {
    const auto count = read_some(inner_.get(), buffer);
    const bool is_end = !count || *count == 0;
    const std::size_t size = is_end ? 0 : *count;
    goes_on = control_.send(Relayed{.is_end = is_end, .bytes = {buffer.data(), size}}) && !is_end;
  }
}

void Relay::deliver(const Relayed& relayed) {
  std::string_view rest = relayed.bytes;
  while (!rest.empty()) {
    const ssize_t count = ::send(inner_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) {
      // The client has done with it.
      return;
    }
    rest.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  if (relayed.is_end) {
    {
      const std::scoped_lock lock(mutex_);
      last_words_ = relayed.error;
    }
    ::shutdown(inner_.get(), SHUT_WR);
  }
}

void Relay::close() { ::shutdown(inner_.get(), SHUT_RDWR); }

std::optional<Error> Relay::last_words() const {
  const std::scoped_lock lock(mutex_);
  return last_words_;
}

}  // namespace cp::transfer
