// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/link.hpp"
#include "transfer/relay.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cp::transfer {

/// The way from one host to another that both are reached by a third: the talk goes through that
/// one, the data goes straight over TCP streams, in clear text when both are one host or the
/// network is trusted, else sealed.
class RelayLink final : public Link {
 public:
  struct Settings {
    std::string data_host;  ///< where the other host takes streams; "": where it was reached
    bool trusts_network = false;
    bool seals_always = false;
    std::chrono::nanoseconds silence{};
  };
  /// Borrows RELAY, whose stream is taken once.
  RelayLink(Relay& relay, Settings settings) : relay_(relay), settings_(std::move(settings)) {}

  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;
  Error explain(Error error) override;

 private:
  Relay& relay_;
  Settings settings_;
};

}  // namespace cp::transfer
