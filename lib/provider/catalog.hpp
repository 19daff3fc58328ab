// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace cp::provider {

/// What a provider has and how it is, seen at once.
struct Picture {
  Picture();
  Picture(Picture&&) noexcept;
  Picture& operator=(Picture&&) noexcept;
  ~Picture();

  std::vector<model::Json> records;  ///< as `Catalog::describe` has them
  std::vector<model::Json> states;   ///< of each record, as `Catalog::state` has it; null: unknown
  std::string problem;               ///< why some are unknown, for people; empty: none is
};

/// Says what a provider has and how it is now. One per provider; not thread-safe.
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// What the provider has: at least one resource, each a cp.resource/1 without id, seq and proof.
  /// What it cannot know is absent. unavailable when the provider cannot be asked, timed_out when
  /// STOP was asked, not_found when it has nothing.
  virtual Result<std::vector<model::Json>> describe(std::stop_token stop) = 0;

  /// How the resource is now that RECORD, a cp.resource/1, says is this provider's: a cp.state/1
  /// without id and proof; its seq is Unix milliseconds. not_found when the provider has it no
  /// more; else as `describe`.
  virtual Result<model::Json> state(const model::Json& record, std::stop_token stop) = 0;

  /// Both for all that the provider has; errors as `describe`. A provider that can tell all at once
  /// does so: this one asks for each state apart.
  virtual Result<Picture> perceive(std::stop_token stop);
};

}  // namespace cp::provider
