// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cp::identity {

/// A resource's record and what its signature is worth here and now.
struct Resolved {
  nlohmann::ordered_json record;  ///< cp.resource/1 with its proof
  std::string trust;              ///< "verified", "unsigned" or "failed", as in cp.offer
  std::string problem;            ///< why it is not verified; empty when it is
  bool own_authority = false;     ///< signed by this machine's own authority and verified
  std::string anchor;             ///< thumbprint of the trust anchor that vouches; empty if none
  std::string source = {};        ///< the registry that gave it; empty: this machine's
  /// How long ago that was; absent when it was asked just now.
  std::optional<std::chrono::seconds> age = {};
  /// When the newest head of each authority in the chain was issued, where one is known: what was
  /// revoked after that does not show.
  std::vector<std::pair<std::string, UnixTime>> heads = {};
  std::vector<std::string> notes = {};  ///< what went wrong on the way, for people
};

}  // namespace cp::identity
