// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/udp_socket.hpp"
#include "probe/rate_limit.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cp::probe {

/// Why a reflector gives no answer (SECURITY §11).
enum class Drop : std::uint8_t {
  none,         ///< it answers
  too_short,    ///< the answer would be longer than the request
  too_long,     ///< longer than what is read, so that not all of it could be copied
  to_many,      ///< sent to a broadcast or multicast address: many would answer one forged packet
  low_port,     ///< from a port below 1024: a service of a victim's host
  own_port,     ///< from the reflector's own port number: two reflectors would answer each other
  reply,        ///< itself a reflector's reply: as above, whatever their ports are
  not_allowed,  ///< from a source that is neither loopback nor in an allowed network
  source_rate,  ///< this source sends too fast
  total_rate,   ///< all sources together do
};
inline constexpr std::size_t kDrops = 10;

/// The word for DROP in counts: "too_short".
std::string_view name_of(Drop drop);

/// Decides which datagrams are answered. Unauthenticated STAMP can be abused with forged sources;
/// these rules leave a forger nothing that sending to the victim himself would not give him. Not
/// thread-safe.
class Admission {
 public:
  struct Rules {
    std::vector<net::Network> allow;  ///< beside loopback
    Rate source{1000, 1e6};           ///< for one source
    Rate total{50'000, 50e6};         ///< for all together
    bool limits_loopback = false;     ///< whether the rates hold for this machine as well
  };

  Admission(Rules rules, std::uint16_t own_port, std::uint64_t seed);

  Drop judge(const net::Datagram& datagram, std::span<const std::byte> packet, SteadyTime now);

 private:
  bool is_allowed(const net::IpAddress& source) const;
  Drop judge_rate(const net::Datagram& datagram, SteadyTime now);

  Rules rules_;
  std::uint16_t own_port_;
  SourceLimiter sources_;
  TokenBucket total_;
};

}  // namespace cp::probe
