// SPDX-License-Identifier: Apache-2.0
#include "net/udp_socket.hpp"

#include "net/sockaddr.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/ip.h>
#include <utility>

namespace cp::net {
namespace {

// Room for every control message that is switched on here, with some to spare.
struct alignas(cmsghdr) Control {
  std::array<char, 256> bytes{};
};

UnixTime to_time(const timespec& time) {
  return UnixTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

// The software stamp is the first of the three; the third, of the hardware, runs on another clock.
std::optional<UnixTime> stamp_in(const cmsghdr& message) {
  scm_timestamping stamps{};
  std::memcpy(&stamps, CMSG_DATA(&message), sizeof stamps);
  const auto& software = stamps.ts[0];
  if (software.tv_sec == 0 && software.tv_nsec == 0) {
    return std::nullopt;
  }
  timespec time{};
  time.tv_sec = software.tv_sec;
  time.tv_nsec = software.tv_nsec;
  return to_time(time);
}

template <class T>
T data_of(const cmsghdr& message) {
  T value{};
  std::memcpy(&value, CMSG_DATA(&message), sizeof value);
  return value;
}

void read_ipv4(const cmsghdr& message, Datagram& datagram) {
  if (message.cmsg_type == IP_PKTINFO) {
    const auto info = data_of<in_pktinfo>(message);
    datagram.destination = to_ip_address(info.ipi_spec_dst);
    datagram.interface = static_cast<std::uint32_t>(info.ipi_ifindex);
    // The header's address and the one of ours that took it differ for broadcast and multicast.
    datagram.is_to_many = to_ip_address(info.ipi_addr) != *datagram.destination;
  } else if (message.cmsg_type == IP_TTL) {
    datagram.ttl = static_cast<std::uint8_t>(data_of<int>(message));
  }
}

void read_ipv6(const cmsghdr& message, Datagram& datagram) {
  if (message.cmsg_type == IPV6_PKTINFO) {
    const auto info = data_of<in6_pktinfo>(message);
    datagram.destination = to_ip_address(info.ipi6_addr, 0);
    datagram.interface = info.ipi6_ifindex;
    datagram.is_to_many = datagram.destination->is_multicast();
  } else if (message.cmsg_type == IPV6_HOPLIMIT) {
    datagram.ttl = static_cast<std::uint8_t>(data_of<int>(message));
  }
}

void read_control(msghdr& header, Datagram& datagram) {
  for (cmsghdr* m = CMSG_FIRSTHDR(&header); m != nullptr; m = CMSG_NXTHDR(&header, m)) {
    if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_TIMESTAMPING) {
      datagram.kernel_time = stamp_in(*m);
    } else if (m->cmsg_level == IPPROTO_IP) {
      read_ipv4(*m, datagram);
    } else if (m->cmsg_level == IPPROTO_IPV6) {
      read_ipv6(*m, datagram);
    }
  }
}

Result<void> set_option(int fd, int level, int name, int value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0) {
    return fail_errno(errno, what);
  }
  return {};
}

// What every socket here reports of a datagram, and the TTL of 255 that RFC 8762 §4.1 asks for.
Result<void> set_up(int fd, Family family) {
  if (family == Family::ipv4) {
    CP_TRY(set_option(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO"));
    CP_TRY(set_option(fd, IPPROTO_IP, IP_RECVTTL, 1, "IP_RECVTTL"));
    return set_option(fd, IPPROTO_IP, IP_TTL, 255, "IP_TTL");
  }
  CP_TRY(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"));
  CP_TRY(set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"));
  CP_TRY(set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"));
  return set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255, "IPV6_UNICAST_HOPS");
}

bool is_nothing_yet(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

Errc errc_of_address(int error) {
  return error == EADDRINUSE || error == EADDRNOTAVAIL || error == EAFNOSUPPORT
             ? Errc::unavailable
             : errc_of_errno(error);
}

// Puts one control message of TYPE that holds VALUE into HEADER's control buffer.
template <class T>
void put_control(msghdr& header, int level, int type, const T& value) {
  header.msg_controllen = CMSG_SPACE(sizeof value);
  cmsghdr* message = CMSG_FIRSTHDR(&header);
  message->cmsg_level = level;
  message->cmsg_type = type;
  message->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(message), &value, sizeof value);
}

// Makes the datagram of HEADER leave from the address that REQUEST was sent to.
void put_source(msghdr& header, const Datagram& request) {
  const IpAddress& address = *request.destination;
  if (address.family == Family::ipv4) {
    in_pktinfo info{};
    info.ipi_spec_dst = to_in_addr(address);
    put_control(header, IPPROTO_IP, IP_PKTINFO, info);
    return;
  }
  in6_pktinfo info{};
  info.ipi6_addr = to_in6_addr(address);
  info.ipi6_ifindex = request.interface;
  put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

Result<UdpSocket> UdpSocket::open(Family family) {
  const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) {
    return fail_errno(errc_of_address(errno), errno, "socket");
  }
  CP_TRY(set_up(fd.get(), family));
  return UdpSocket(std::move(fd));
}

Result<UdpSocket> UdpSocket::bind(const Endpoint& local) {
  CP_TRY_ASSIGN(UdpSocket socket, open(local.address.family));
  const SocketAddress address = to_socket_address(local);
  if (::bind(socket.fd(), &address.base, address.length) != 0) {
    return fail_errno(errc_of_address(errno), errno,
                      fmt::format("cannot listen on {}", local.to_string()));
  }
  return socket;
}

Result<UdpSocket> UdpSocket::connect(const Endpoint& peer) {
  CP_TRY_ASSIGN(UdpSocket socket, open(peer.address.family));
  const SocketAddress address = to_socket_address(peer);
  if (::connect(socket.fd(), &address.base, address.length) != 0) {
    return fail_errno(Errc::unavailable, errno, peer.to_string());
  }
  return socket;
}

Result<Endpoint> UdpSocket::local() const {
  SocketAddress address;
  if (::getsockname(fd_.get(), &address.base, &address.length) != 0) {
    return fail_errno(errno, "getsockname");
  }
  return to_endpoint(address).value_or(Endpoint{});
}

Result<void> UdpSocket::stamp(bool transmit) {
  // The count of OPT_ID starts again only when the option was off before.
  CP_TRY(set_option(fd_.get(), SOL_SOCKET, SO_TIMESTAMPING, 0, "SO_TIMESTAMPING"));
  unsigned flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (transmit) {
    // TSONLY: hosts with net.core.tstamp_allow_data=0 refuse to loop the payload to us.
    flags |= SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID;
  }
  auto set = set_option(fd_.get(), SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(flags),
                        "SO_TIMESTAMPING");
  if (!set) {
    set.error().code = Errc::unavailable;
  }
  return set;
}

Result<std::optional<Datagram>> UdpSocket::receive(std::span<std::byte> buffer) {
  return receive_with(buffer, 0);
}

Result<std::optional<Datagram>> UdpSocket::receive_now(std::span<std::byte> buffer) {
  return receive_with(buffer, MSG_DONTWAIT);
}

Result<std::optional<Datagram>> UdpSocket::receive_with(std::span<std::byte> buffer, int flags) {
  SocketAddress source;
  Control control;
  iovec part{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_name = &source.base;
  header.msg_namelen = source.length;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  const ssize_t length = ::recvmsg(fd_.get(), &header, flags);
  if (length < 0) {
    if (is_nothing_yet(errno)) {
      return std::nullopt;
    }
    return fail_errno(errno, "receive");
  }
  Datagram datagram;
  datagram.length = static_cast<std::size_t>(length);
  datagram.is_truncated = (header.msg_flags & MSG_TRUNC) != 0;
  datagram.source = to_endpoint(source).value_or(Endpoint{});
  read_control(header, datagram);
  return datagram;
}

void UdpSocket::interrupt() {
  // On a socket without a peer this says ENOTCONN, and wakes whoever waits all the same: Linux
  // keeps it so for that very use (inet_shutdown in net/ipv4/af_inet.c).
  ::shutdown(fd_.get(), SHUT_RD);
}

Result<void> UdpSocket::set_receive_timeout(std::chrono::microseconds timeout) {
  timeval value{};
  value.tv_sec = timeout.count() / 1'000'000;
  value.tv_usec = timeout.count() % 1'000'000;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value) != 0) {
    return fail_errno(errno, "SO_RCVTIMEO");
  }
  return {};
}

Result<void> UdpSocket::send(std::span<const std::byte> bytes) {
  if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
    return {};
  }
  const int error = errno;
  return fail_errno(
      is_nothing_yet(error) || error == ENOBUFS ? Errc::timed_out : errc_of_errno(error), error,
      "send");
}

Result<void> UdpSocket::answer(const Datagram& request, std::span<const std::byte> bytes) {
  SocketAddress destination = to_socket_address(request.source);
  Control control;
  // sendmsg(2) only reads what iov_base points to.
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_name = &destination.base;
  header.msg_namelen = destination.length;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (request.destination) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    put_source(header, request);
  }
  if (::sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return fail_errno(errno, "send");
  }
  return {};
}

std::optional<TransmitStamp> UdpSocket::transmit_stamp() {
  Control control;
  msghdr header{};
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  if (::recvmsg(fd_.get(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
    return std::nullopt;
  }
  std::optional<UnixTime> time;
  std::optional<std::uint32_t> number;
  for (cmsghdr* m = CMSG_FIRSTHDR(&header); m != nullptr; m = CMSG_NXTHDR(&header, m)) {
    if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_TIMESTAMPING) {
      time = stamp_in(*m);
    } else if ((m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_RECVERR) ||
               (m->cmsg_level == IPPROTO_IPV6 && m->cmsg_type == IPV6_RECVERR)) {
      const auto error = data_of<sock_extended_err>(*m);
      if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
        number = error.ee_data;
      }
    }
  }
  if (!time || !number) {
    return std::nullopt;
  }
  return TransmitStamp{*number, *time};
}

}  // namespace cp::net
