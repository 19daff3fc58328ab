// SPDX-License-Identifier: Apache-2.0
#include "net/allow_net.hpp"

#include <algorithm>
#include <array>

namespace cp::net {
namespace {

// The special-purpose address registries of IANA (RFC 6890) without what is reachable globally.
// Addresses that hold an IPv4 one (NAT64, 6to4, Teredo) would reach all of these in disguise.
constexpr std::array<std::string_view, 28> kSpecial{
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    "::/96",         "::ffff:0:0:0/96", "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",
    "2001::/23",     "2001:db8::/32",   "2002::/16",      "3fff::/20",      "5f00::/16",
    "fc00::/7",      "fe80::/9",        "ff00::/8",
};

std::vector<Network> special_networks() {
  std::vector<Network> networks;
  for (const std::string_view text : kSpecial) {
    networks.push_back(Network::parse(text).value());
  }
  return networks;
}

bool is_in(const std::vector<Network>& networks, const IpAddress& address) {
  return std::ranges::any_of(networks, [&](const Network& one) { return one.contains(address); });
}

}  // namespace

Result<AllowNet> AllowNet::parse(const std::vector<std::string>& texts) {
  AllowNet allowed;
  for (const std::string& text : texts) {
    CP_TRY_ASSIGN(const Network network, Network::parse(text));
    allowed.also_.push_back(network);
  }
  return allowed;
}

bool AllowNet::allows(const IpAddress& address) const {
  static const std::vector<Network> special = special_networks();
  return is_in(also_, address) || !is_in(special, address);
}

}  // namespace cp::net
