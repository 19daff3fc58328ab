// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/connection.hpp"

#include <functional>

namespace cp::fabric {

/// A passive endpoint: takes connections that present a token. For one thread.
class Listener {
 public:
  struct Parts;  ///< the libfabric objects, in the file that wraps them
  explicit Listener(std::unique_ptr<Parts> parts);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Listens on HOST (an address of this machine), on a free port, by PROVIDER. unavailable when
  /// there is no such provider for it.
  static Result<std::unique_ptr<Listener>> open(std::shared_ptr<const Library> library,
                                                const std::string& provider,
                                                const std::string& host);

  std::uint16_t port() const;

  /// The next connection that presents a token that ACCEPTS takes; others are refused. timed_out
  /// after PATIENCE or on STOP.
  Result<std::unique_ptr<Connection>> accept(const std::function<bool(std::string_view)>& accepts,
                                             std::chrono::nanoseconds patience,
                                             const std::stop_token& stop);

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace cp::fabric
