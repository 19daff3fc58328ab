// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/link.hpp"

#include <string>
#include <vector>

namespace cp::transfer {

/// The way to a `cpxfer serve`: TLS 1.3, and sealed streams beside it. Clear service is for one
/// machine: an address that is not loopback is denied.
class DaemonLink final : public Link {
 public:
  struct Settings {
    bool anonymous = false;  ///< clear text is meant
    net::TlsContext::Trust trust;
    std::string token;
    std::chrono::nanoseconds silence{};
  };
  /// For a LOCATION of the kind `daemon`.
  DaemonLink(Location location, Settings settings)
      : location_(std::move(location)), settings_(std::move(settings)) {}

  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;

  std::string binding() const override { return binding_; }
  std::optional<std::chrono::nanoseconds> round_trip() const override { return round_trip_; }

 private:
  Result<void> check_addresses(const std::vector<net::Endpoint>& addresses) const;
  Result<std::unique_ptr<net::Stream>> secure(net::TcpStream tcp, const std::stop_token& stop);

  Location location_;
  Settings settings_;
  std::string binding_;
  std::optional<std::chrono::nanoseconds> round_trip_;
  net::Endpoint peer_;
  fabric::Loader fabrics_;
};

}  // namespace cp::transfer
