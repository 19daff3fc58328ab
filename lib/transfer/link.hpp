// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"
#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"
#include "transfer/session_keys.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// A client's way to one far end: a connection for the talk, and streams for the data. For one
/// thread.
class Link {
 public:
  virtual ~Link() = default;
  /// A new connection to a far end that waits for a preface. denied, not_found, unavailable,
  /// timed_out.
  virtual Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) = 0;
  /// Makes ready for what OPEN asks of FAR, while the far end does the same, and says in it whether
  /// chunks are to be sealed.
  virtual Result<void> prepare(Open& open, const Hello& far) = 0;
  /// What the connection is bound to (SessionSecret).
  virtual std::string binding() const { return {}; }
  /// How long the way there and back takes, where `connect` has learnt it.
  virtual std::optional<std::chrono::nanoseconds> round_trip() const { return std::nullopt; }
  /// The streams of PLACE, for RAILS, at the far end that `connect` reached last. Any
  /// thread, once that stands.
  virtual Result<Carriers> open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                                      const std::stop_token& stop) = 0;
  /// After `connect` has failed for want of a cpxfer there: the shell that is there instead, which
  /// waits for the length of a script and the script. nullptr: there is none.
  virtual std::unique_ptr<net::Stream> take_shell() { return nullptr; }
  /// ERROR, with what this way knows about why.
  virtual Error explain(Error error) { return error; }
};

}  // namespace cp::transfer
