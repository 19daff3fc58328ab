// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_door.hpp"

#include "base/text.hpp"
#include "net/fd_stream.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kHandedOver = 2;
// A visitor has its token ready when it comes.
constexpr timeval kVisitorPatience{5, 0};

struct Address {
  sockaddr_un base{};
  socklen_t length = 0;
};

Address address_of(const std::string& name) {
  Address address;
  address.base.sun_family = AF_UNIX;
  // The first byte stays zero: an abstract name.
  const std::string text = "cptools-cpxfer-" + text::to_hex(name);
  std::ranges::copy(text, address.base.sun_path + 1);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return address;
}

UniqueFd make_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool is_of_our_user(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == ::geteuid();
}

/// One message with a claim and two descriptors beside it.
struct Parcel {
  std::array<char, limits::claim_bytes> claim{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kHandedOver * sizeof(int))> control{};
  iovec part{};
  msghdr message{};

  Parcel() {
    part = {claim.data(), claim.size()};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
};

bool send_parcel(int fd, const std::string& claim, int in, int out) {
  Parcel parcel;
  std::ranges::copy(claim, parcel.claim.begin());
  cmsghdr* const header = CMSG_FIRSTHDR(&parcel.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(kHandedOver * sizeof(int));
  const std::array<int, kHandedOver> fds{in, out};
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
  return ::sendmsg(fd, &parcel.message, MSG_NOSIGNAL) == static_cast<ssize_t>(claim.size());
}

struct Received {
  std::string claim;
  std::array<UniqueFd, kHandedOver> fds;
};

// What came: every descriptor is taken, so that none is left open.
std::optional<Received> receive_parcel(int fd) {
  Parcel parcel;
  const ssize_t count = ::recvmsg(fd, &parcel.message, MSG_CMSG_CLOEXEC);
  if (count < 0) {
    return std::nullopt;
  }
  Received received{{parcel.claim.data(), static_cast<std::size_t>(count)}, {}};
  const cmsghdr* const header = CMSG_FIRSTHDR(&parcel.message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
    return std::nullopt;
  }
  std::array<int, kHandedOver> fds{-1, -1};
  std::memcpy(fds.data(), CMSG_DATA(header), std::min(sizeof fds, header->cmsg_len - CMSG_LEN(0)));
  for (std::size_t i = 0; i < fds.size(); ++i) {
    received.fds[i].reset(fds[i]);
  }
  const bool is_whole = received.claim.size() == limits::claim_bytes && received.fds[0] &&
                        received.fds[1] && (parcel.message.msg_flags & MSG_CTRUNC) == 0;
  return is_whole ? std::optional(std::move(received)) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<RailDoor>> RailDoor::open(RailDesk& desk, Random& random) {
  std::string name = make_token(random);
  const Address address = address_of(name);
  UniqueFd listener = make_socket();
  if (!listener ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.base), address.length) !=
          0 ||
      ::listen(listener.get(), limits::streams) != 0) {
    return fail_errno(errno, "cannot make a socket for the streams");
  }
  return std::make_unique<RailDoor>(desk, std::move(listener), std::move(name));
}

RailDoor::RailDoor(RailDesk& desk, UniqueFd listener, std::string name)
    : desk_(desk), listener_(std::move(listener)), name_(std::move(name)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

RailDoor::~RailDoor() = default;

void RailDoor::listen(const std::stop_token& stop) {
  const auto stop_fd = net::StopFd::make(stop);
  if (!stop_fd) {
    return;
  }
  std::array<pollfd, 2> polls{pollfd{listener_.get(), POLLIN, 0},
                              pollfd{(*stop_fd)->get(), POLLIN, 0}};
  while (!stop.stop_requested()) {
    if (::poll(polls.data(), polls.size(), -1) > 0 && polls[0].revents != 0) {
      take_in(UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    }
  }
}

void RailDoor::take_in(UniqueFd visitor) {
  if (!visitor || !is_of_our_user(visitor.get())) {
    return;
  }
  ::setsockopt(visitor.get(), SOL_SOCKET, SO_RCVTIMEO, &kVisitorPatience, sizeof kVisitorPatience);
  auto received = receive_parcel(visitor.get());
  if (!received) {
    return;
  }
  // The visitor goes when the stream does.
  auto stream = net::FdStream::make(std::move(received->fds[0]), std::move(received->fds[1]),
                                    std::make_shared<UniqueFd>(std::move(visitor)));
  // The word that it stands goes out before anything else of the session does.
  if (stream && (*stream)->send(encode(Preface{.purpose = Purpose::rail}))) {
    static_cast<void>(desk_.deliver(received->claim, *std::move(stream)));
  }
}

bool is_here(const std::string& name) {
  const Address address = address_of(name);
  const UniqueFd door = make_socket();
  return door &&
         ::connect(door.get(), reinterpret_cast<const sockaddr*>(&address.base), address.length) ==
             0 &&
         is_of_our_user(door.get());
}

namespace {

// The socket that led to the door; the session alone holds IN and OUT from then on: when it closes
// them, the client hears the end.
Result<UniqueFd> leave_at(const std::string& name, const std::string& claim, UniqueFd in,
                          UniqueFd out) {
  const Address address = address_of(name);
  UniqueFd door = make_socket();
  if (!door || ::connect(door.get(), reinterpret_cast<const sockaddr*>(&address.base),
                         address.length) != 0) {
    return fail(Errc::not_found, "the session of this stream is not on this host");
  }
  if (!is_of_our_user(door.get())) {
    return fail(Errc::denied, "the session of this stream is somebody else's");
  }
  if (!send_parcel(door.get(), claim, in.get(), out.get())) {
    return fail_errno(errno, "cannot hand a stream over");
  }
  return door;
}

}  // namespace

Result<void> hand_over(const std::string& name, const std::string& claim, UniqueFd in,
                       UniqueFd out) {
  CP_TRY_ASSIGN(const UniqueFd door, leave_at(name, claim, std::move(in), std::move(out)));
  std::array<char, 1> nothing{};
  CP_TRY(read_some(door.get(), nothing));
  return {};
}

Result<std::unique_ptr<net::Stream>> enter(const std::string& name, const std::string& claim) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "cannot make a socket for a stream");
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  UniqueFd same(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 0));
  CP_TRY(leave_at(name, claim, std::move(theirs), std::move(same)));
  CP_TRY_ASSIGN(auto stream, net::FdStream::make(std::move(ours), {}));
  return stream;
}

}  // namespace cp::transfer
