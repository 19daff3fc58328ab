// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "net/address.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/link.hpp"

namespace cp::transfer {

/// The way to a `cpxfer serve` on this machine, over TCP. Clear service is for one machine: an
/// address that is not loopback is denied.
class DaemonLink final : public Link {
 public:
  /// For a LOCATION of the kind `daemon`.
  DaemonLink(Location location, std::chrono::nanoseconds silence)
      : location_(std::move(location)), silence_(silence) {}

  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const Opened& opened, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;

 private:
  Location location_;
  std::chrono::nanoseconds silence_;
  net::Endpoint peer_;
  fabric::Loader fabrics_;
};

}  // namespace cp::transfer
