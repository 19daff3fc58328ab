// SPDX-License-Identifier: Apache-2.0
#include "probe/admission.hpp"

#include "probe/stamp.hpp"

#include <algorithm>

namespace cp::probe {
namespace {

constexpr std::uint16_t kFirstUserPort = 1024;  // RFC 6335 §6

constexpr std::array<std::string_view, kDrops> kNames{
    "none",     "too_short", "too_long",    "to_many",     "low_port",
    "own_port", "reply",     "not_allowed", "source_rate", "total_rate"};

}  // namespace

std::string_view name_of(Drop drop) { return kNames[static_cast<std::size_t>(drop)]; }

Admission::Admission(Rules rules, std::uint16_t own_port, std::uint64_t seed)
    : rules_(std::move(rules)), own_port_(own_port), sources_(seed) {}

Drop Admission::judge(const net::Datagram& datagram, std::span<const std::byte> packet,
                      SteadyTime now) {
  if (datagram.is_truncated) {
    return Drop::too_long;
  }
  if (datagram.length < stamp::kBase) {
    return Drop::too_short;
  }
  if (datagram.is_to_many) {
    return Drop::to_many;
  }
  if (datagram.source.port < kFirstUserPort) {
    return Drop::low_port;
  }
  if (datagram.source.port == own_port_) {
    return Drop::own_port;
  }
  if (stamp::is_reply(packet)) {
    return Drop::reply;
  }
  if (!is_allowed(datagram.source.address)) {
    return Drop::not_allowed;
  }
  return judge_rate(datagram, now);
}

bool Admission::is_allowed(const net::IpAddress& source) const {
  // Linux sends what is addressed to 0.0.0.0 to itself.
  if (source.is_unspecified() || source.is_multicast()) {
    return false;
  }
  return source.is_loopback() ||
         std::ranges::any_of(rules_.allow,
                             [&](const net::Network& network) { return network.contains(source); });
}

Drop Admission::judge_rate(const net::Datagram& datagram, SteadyTime now) {
  if (datagram.source.address.is_loopback() && !rules_.limits_loopback) {
    return Drop::none;
  }
  if (!sources_.take(datagram.source.address, rules_.source, datagram.length, now)) {
    return Drop::source_rate;
  }
  return total_.take(rules_.total, datagram.length, now) ? Drop::none : Drop::total_rate;
}

}  // namespace cp::probe
