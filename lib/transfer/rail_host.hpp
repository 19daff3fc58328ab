// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "net/address.hpp"
#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"
#include "transfer/rail_desk.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// The server's side of making a session's streams: it offers them, and takes those that come and
/// prove the session. For one thread.
class RailHost {
 public:
  virtual ~RailHost() = default;
  /// Fills in where the client's streams go.
  virtual void offer(RailPlace& place) const = 0;
  /// Waits for all that the client opens at once; timed_out after PATIENCE or on STOP.
  virtual Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) = 0;
  /// Those that have come since, without waiting.
  virtual Carriers take_more() { return {}; }
  /// Whether the client says how many came before they are collected, so that there may be fewer.
  virtual bool waits_for_client() const { return false; }
};

/// What a host is made for.
struct RailWish {
  RailChoice kind = RailChoice::tcp;
  std::string provider;         ///< of a fabric; "" for the usual one
  std::vector<RailKeys> rails;  ///< of each stream
  std::size_t more = 0;         ///< so many of the last of them may come later; none of a fabric
  std::string host;             ///< the address of ours that the client reached; "" if nobody knows
  std::string door;             ///< where streams come in that ssh carries
  std::string asked_address;    ///< where the client would rather reach us; ""
  std::optional<PortRange> ports;  ///< beside ssh; absent: any
};

/// A host for WISH: plain TCP streams come through DESK, a fabric's library from FABRICS.
/// unavailable where there is no such fabric.
Result<std::unique_ptr<RailHost>> make_rail_host(RailWish wish, RailDesk& desk,
                                                 fabric::Loader& fabrics);

/// The client's side: opens the streams of PLACE at SERVER, for RAILS; denied when the server does
/// not have their keys.
Result<Carriers> connect_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                               const net::Endpoint& server, fabric::Loader& fabrics,
                               std::chrono::nanoseconds patience, const std::stop_token& stop);

}  // namespace cp::transfer
