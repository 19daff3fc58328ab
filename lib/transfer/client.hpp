// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"
#include "transfer/control.hpp"
#include "transfer/endpoint.hpp"

#include <chrono>
#include <memory>
#include <stop_token>

namespace cp::transfer {

/// A client's end of a session until data moves: connected, greeted, agreed.
class Client {
 public:
  /// Connects to the server at LOCATION and greets it. denied when the address is not loopback
  /// (clear service is for one machine), not_found, unavailable, timed_out, protocol.
  static Result<std::unique_ptr<Client>> connect(const Location& location,
                                                 std::chrono::nanoseconds silence,
                                                 std::stop_token stop);
  Client(net::TcpStream stream, std::chrono::nanoseconds silence, std::stop_token stop);

  Control& control() { return control_; }

  /// Says what is wanted, and hears what is given.
  Result<Opened> open(const Open& open);
  /// Opens the streams that were agreed on, and says that they stand.
  Result<Carriers> connect_rails(const Opened& opened);

 private:
  Result<void> greet();

  Control control_;
  fabric::Loader fabrics_;
  std::chrono::nanoseconds silence_;
  std::stop_token stop_;
};

}  // namespace cp::transfer
