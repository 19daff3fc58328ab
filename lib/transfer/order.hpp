// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/agreement.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace cp::transfer {

/// A transfer that a caller orders from its deputy: the cpxfer on a host that ssh reaches, which
/// becomes one end of the transfer and its client. Secrets travel in it, through ssh alone.
struct Order {
  /// What is wanted, with the operands as they are to be read on the deputy's host; its secret, its
  /// epoch and its incoming say nothing.
  Open wish;
  RailChoice rail = RailChoice::automatic;  ///< instead of the wish's
  int streams = 0;                          ///< instead of the wish's; 0 chooses
  std::string id;                           ///< of the transfer, when it goes on with none
  bool anonymous = false;
  std::string authorities;  ///< certificates (PEM) that vouch for a server; "": the system's there
  std::string tls_key;
  bool trusts_network = false;
  bool seals_always = false;
  std::string data_host;  ///< where the other host takes streams; "": where the caller reached it
  std::chrono::nanoseconds silence{};
};

/// REQUEST as WISH has it, for a deputy, without an id. io, not_found, denied for the file of
/// certificates.
Result<Order> order_of(const Request& request, Open wish);

/// ORDER as the deputy's own request, but for what only it knows.
Request request_of(const Order& order);

std::string to_text(const Order& order);
/// protocol for what is no JSON, or lacks or mistypes a field.
Result<Order> parse_order(std::string_view text);

}  // namespace cp::transfer
