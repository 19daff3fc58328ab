// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"
#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"

#include <memory>
#include <stop_token>

namespace cp::transfer {

/// A client's way to one far end: a connection for the talk, and streams for the data. For one
/// thread.
class Link {
 public:
  virtual ~Link() = default;
  /// A new connection to a far end that waits for a preface. denied, not_found, unavailable,
  /// timed_out.
  virtual Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) = 0;
  /// Makes ready for what OPEN asks of FAR, while the far end does the same; denied when it would
  /// not be safe.
  virtual Result<void> prepare(const Open& /*open*/, const Hello& /*far*/) { return {}; }
  /// The streams that OPENED names, at the far end that `connect` reached last.
  virtual Result<Carriers> open_rails(const Opened& opened, const std::stop_token& stop) = 0;
  /// ERROR, with what this way knows about why.
  virtual Error explain(Error error) { return error; }
};

}  // namespace cp::transfer
