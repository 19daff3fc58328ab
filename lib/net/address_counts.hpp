// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace cp::net {

/// How many of something each host has: an IPv4 address, or an IPv6 /64. Safe on any thread.
class AddressCounts {
 public:
  explicit AddressCounts(std::size_t per_address, std::size_t in_all = SIZE_MAX)
      : per_address_(per_address), in_all_(in_all) {}
  bool has_room(const IpAddress& address) const;
  void add(const IpAddress& address);
  /// Adds one if there is room for it.
  bool try_add(const IpAddress& address);
  void remove(const IpAddress& address);

 private:
  bool has_room_locked(const IpAddress& host) const;

  std::size_t per_address_;
  std::size_t in_all_;
  mutable std::mutex mutex_;
  std::size_t all_ = 0;
  std::map<IpAddress, std::size_t> counts_;
};

/// One that is counted for as long as this lives.
class AddressPlace {
 public:
  /// nullopt when there is no room.
  static std::optional<AddressPlace> take(std::shared_ptr<AddressCounts> counts,
                                          const IpAddress& address);
  ~AddressPlace();
  AddressPlace(AddressPlace&&) noexcept = default;
  AddressPlace& operator=(AddressPlace&&) = delete;

 private:
  AddressPlace(std::shared_ptr<AddressCounts> counts, const IpAddress& address)
      : counts_(std::move(counts)), address_(address) {}

  std::shared_ptr<AddressCounts> counts_;
  IpAddress address_;
};

}  // namespace cp::net
