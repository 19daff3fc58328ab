// SPDX-License-Identifier: Apache-2.0
#include "transfer/loop_link.hpp"

#include "base/random.hpp"
#include "net/fd_stream.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_host.hpp"
#include "transfer/server_session.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace cp::transfer {
namespace {

net::IpAddress here() { return net::IpAddress::loopback(net::Family::ipv4); }

Result<std::unique_ptr<net::Stream>> make_talk(UniqueFd socket, std::chrono::nanoseconds silence) {
  CP_TRY_ASSIGN(auto stream, net::FdStream::make(std::move(socket), {}));
  CP_TRY(stream->set_patience(silence));
  return stream;
}

// Our own client's preface, and the answer.
bool greet_client(net::Stream& stream, SteadyTime deadline) {
  std::array<std::byte, Preface::encoded_bytes> preface{};
  return stream.receive_all(preface, deadline) == preface.size() &&
         stream.send(encode(Preface{.purpose = Purpose::control}));
}

}  // namespace

LoopLink::~LoopLink() {
  stop_.request_stop();
  if (server_.joinable()) {
    server_.join();
  }
}

void LoopLink::serve(std::unique_ptr<net::Stream> stream, const std::stop_token& stop) {
  if (!greet_client(*stream, SystemClock().steady() + silence_)) {
    return;
  }
  Control control(std::move(stream), silence_);
  KernelRandom random;
  // The client is told what goes wrong.
  run_server_session({.control = control,
                      .root = nullptr,
                      .desk = desk_,
                      .host = here().to_string(),
                      .door = "",
                      .fabrics = fabrics_,
                      .random = random,
                      .silence = silence_,
                      .archive = ""},
                     stop);
}

Result<std::unique_ptr<net::Stream>> LoopLink::connect(const std::stop_token& /*stop*/) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "socketpair");
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  CP_TRY_ASSIGN(auto near, make_talk(std::move(ours), silence_));
  CP_TRY_ASSIGN(auto far, make_talk(std::move(theirs), silence_));
  CP_TRY_ASSIGN(door_, TcpDoor::open(here(), std::nullopt, desk_));
  server_ = std::thread(
      [this, far = std::move(far)]() mutable { serve(std::move(far), stop_.get_token()); });
  return near;
}

Result<void> LoopLink::prepare(Open& open, const Hello& /*far*/) {
  open.sealed = seals_;
  return {};
}

Result<Carriers> LoopLink::open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                                      const std::stop_token& stop) {
  return connect_rails(place, rails, {here(), door_->port()}, fabrics_, limits::connect_patience,
                       stop);
}

}  // namespace cp::transfer
