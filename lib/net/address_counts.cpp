// SPDX-License-Identifier: Apache-2.0
#include "net/address_counts.hpp"

#include <algorithm>

namespace cp::net {
namespace {

// One host has a whole /64 of IPv6 addresses.
IpAddress host_of(IpAddress address) {
  if (address.family == Family::ipv6) {
    std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
  }
  return address;
}

}  // namespace

bool AddressCounts::has_room_locked(const IpAddress& host) const {
  const auto found = counts_.find(host);
  return all_ < in_all_ && (found == counts_.end() || found->second < per_address_);
}

bool AddressCounts::has_room(const IpAddress& address) const {
  const std::scoped_lock lock(mutex_);
  return has_room_locked(host_of(address));
}

void AddressCounts::add(const IpAddress& address) {
  const std::scoped_lock lock(mutex_);
  ++counts_[host_of(address)];
  ++all_;
}

bool AddressCounts::try_add(const IpAddress& address) {
  const std::scoped_lock lock(mutex_);
  const IpAddress host = host_of(address);
  if (!has_room_locked(host)) {
    return false;
  }
  ++counts_[host];
  ++all_;
  return true;
}

void AddressCounts::remove(const IpAddress& address) {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(host_of(address));
  if (found == counts_.end()) {
    return;
  }
  --all_;
  if (--found->second == 0) {
    counts_.erase(found);
  }
}

std::optional<AddressPlace> AddressPlace::take(std::shared_ptr<AddressCounts> counts,
                                               const IpAddress& address) {
  if (!counts->try_add(address)) {
    return std::nullopt;
  }
  return AddressPlace(std::move(counts), address);
}

AddressPlace::~AddressPlace() {
  if (counts_) {
    counts_->remove(address_);
  }
}

}  // namespace cp::net
