// SPDX-License-Identifier: Apache-2.0
#include "net/tls_pump.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace cp::net {
namespace {

// What may wait in either direction before its source has to.
constexpr std::size_t kHeld = 256U << 10U;
constexpr auto kLastWords = std::chrono::seconds(2);

enum class Moved { some, none, ended };

// Sends what it can of BYTES and takes it off their front; false when nobody takes it any more.
bool send_some(int fd, std::string& bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    }
    bytes.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

using Part = std::array<std::byte, 64 << 10>;

std::pair<Moved, std::size_t> receive_some(int fd, Part& part) {
  const ssize_t count = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
  if (count > 0) {
    return {Moved::some, static_cast<std::size_t>(count)};
  }
  const bool waits = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return {waits ? Moved::none : Moved::ended, 0};
}

}  // namespace

TlsPump::TlsPump(TcpStream tcp, std::unique_ptr<TlsEngine> engine, UniqueFd local)
    : tcp_(std::move(tcp)), engine_(std::move(engine)), local_(std::move(local)) {
  thread_ = std::thread([this] { run(); });
}

TlsPump::~TlsPump() { thread_.join(); }

void TlsPump::run() {
  // What came with the last words of the agreement.
  if (decrypt()) {
    while (step()) {
    }
  }
  tcp_.shutdown();
  local_.reset();
}

bool TlsPump::is_over() const {
  const bool nothing_to_send = end_was_sent_ && to_net_.empty();
  return nothing_to_send && (local_is_gone_ || end_was_told_);
}

// Only what is to leave after the holder has gone has a time.
int TlsPump::patience() {
  if (!local_is_gone_) {
    return -1;
  }
  const SteadyTime now = SystemClock().steady();
  gone_since_ = gone_since_.value_or(now);
  const auto left = *gone_since_ + kLastWords - now;
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

bool TlsPump::step() {
  const bool takes_local = !local_has_ended_ && to_net_.size() < kHeld;
  const bool takes_net = !net_has_ended_ && to_local_.size() < kHeld;
  std::array<pollfd, 2> polls{
      pollfd{net_has_ended_ && to_net_.empty() ? -1 : tcp_.fd(),
             static_cast<short>((takes_net ? POLLIN : 0) | (to_net_.empty() ? 0 : POLLOUT)), 0},
      pollfd{local_is_gone_ ? -1 : local_.get(),
             static_cast<short>((takes_local ? POLLIN : 0) | (to_local_.empty() ? 0 : POLLOUT)),
             0}};
  const int ready = ::poll(polls.data(), polls.size(), patience());
  if (ready == 0 || (ready < 0 && errno != EINTR)) {
    return false;
  }
  if ((polls[1].revents & (POLLHUP | POLLERR)) != 0 && (polls[1].revents & POLLIN) == 0) {
    local_is_gone_ = true;
  }
  if ((takes_local && (polls[1].revents & POLLIN) != 0) || local_is_gone_) {
    if (!take_local()) {
      return false;
    }
  }
  if (takes_net && polls[0].revents != 0 && !take_net()) {
    return false;
  }
  if (!send_net() || !send_local()) {
    return false;
  }
  return !is_over();
}

Result<void> TlsPump::take_local() {
  Part part;
  while (to_net_.size() < kHeld || local_is_gone_) {
    const auto [moved, count] = receive_some(local_.get(), part);
    if (moved == Moved::none) {
      return {};
    }
    if (moved == Moved::ended) {
      local_has_ended_ = true;
      end_net();
      return {};
    }
    CP_TRY(engine_->write(std::span(part).first(count)));
    to_net_ += engine_->take();
  }
  return {};
}

// Nothing more is sent; the peer may still have something to say.
void TlsPump::end_net() {
  if (!end_was_sent_) {
    end_was_sent_ = true;
    engine_->end();
    to_net_ += engine_->take();
  }
}

Result<void> TlsPump::take_net() {
  Part part;
  const auto [moved, count] = receive_some(tcp_.fd(), part);
  if (moved == Moved::ended) {
    net_has_ended_ = true;
  }
  engine_->feed(std::span(part).first(count));
  return decrypt();
}

Result<void> TlsPump::decrypt() {
  Part part;
  while (true) {
    const auto count = engine_->read(part);
    // Whoever ends in the middle has ended, too.
    if (!count && !net_has_ended_) {
      return tl::unexpected<Error>(count.error());
    }
    if (!count || (*count && **count == 0)) {
      net_has_ended_ = true;
      return {};
    }
    to_net_ += engine_->take();
    if (!*count) {
      return {};
    }
    to_local_.append(reinterpret_cast<const char*>(part.data()), **count);
  }
}

bool TlsPump::send_net() {
  const bool had_some = !to_net_.empty();
  if (!send_some(tcp_.fd(), to_net_)) {
    return false;
  }
  if (had_some && to_net_.empty() && end_was_sent_) {
    tcp_.end();
  }
  return true;
}

bool TlsPump::send_local() {
  if (local_is_gone_) {
    to_local_.clear();
    return true;
  }
  if (!send_some(local_.get(), to_local_)) {
    local_is_gone_ = true;
    to_local_.clear();
    return static_cast<bool>(take_local());
  }
  if (net_has_ended_ && to_local_.empty() && !end_was_told_) {
    end_was_told_ = true;
    ::shutdown(local_.get(), SHUT_WR);
  }
  return true;
}

}  // namespace cp::net
