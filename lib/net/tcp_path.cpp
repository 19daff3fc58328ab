// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_path.hpp"

// The kernel's own header: the C library's tcp_info ends before what is wanted, and the two cannot
// be included together.
#include <cstddef>
#include <limits>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cp::net {

namespace {

// What the kernel knows up to the smallest round trip; nullopt before the first answer.
std::optional<tcp_info> known_of(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  constexpr std::size_t kNeeded = offsetof(tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || length < kNeeded ||
      info.tcpi_min_rtt == std::numeric_limits<decltype(info.tcpi_min_rtt)>::max()) {
    return std::nullopt;
  }
  return info;
}

}  // namespace

std::optional<std::chrono::nanoseconds> tcp_round_trip(int fd) {
  const auto known = known_of(fd);
  return known ? std::optional(std::chrono::microseconds(known->tcpi_min_rtt)) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> tcp_round_trip_now(int fd) {
  const auto known = known_of(fd);
  return known ? std::optional(std::chrono::microseconds(known->tcpi_rtt)) : std::nullopt;
}

}  // namespace cp::net
