// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/connection.hpp"

#include <functional>
#include <optional>
#include <string>

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

  /// What to answer a connection that presents CLAIM (it is short); nullopt: it is refused.
  using Accepts = std::function<std::optional<std::string>(std::string_view claim)>;
  /// The next connection that ACCEPTS takes; others are refused. timed_out after PATIENCE or on
  /// STOP.
  Result<std::unique_ptr<Connection>> accept(const Accepts& accepts,
                                             std::chrono::nanoseconds patience,
                                             const std::stop_token& stop);

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace cp::fabric
