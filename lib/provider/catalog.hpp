// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <stop_token>

namespace cp::provider {

/// Says what a provider has and how it is now. One per provider; not thread-safe.
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// What the provider's resource is, as a cp.resource/1 without id, seq and proof. What it cannot
  /// know is absent. unavailable when the provider cannot be asked, timed_out when STOP was asked.
  virtual Result<model::Json> describe(std::stop_token stop) = 0;

  /// How the resource is now, as a cp.state/1 without id and proof; its seq is Unix milliseconds.
  /// Errors as `describe`.
  virtual Result<model::Json> state(std::stop_token stop) = 0;
};

}  // namespace cp::provider
