// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// A resource as a live source tells it.
struct LiveResource {
  nlohmann::ordered_json record;                ///< cp.resource/1
  std::string trust;                            ///< "verified", "unsigned" or "failed"
  std::string anchor;                           ///< thumbprint of the anchor that vouches, if any
  bool is_runnable = false;                     ///< whether cprun may launch on it
  std::optional<nlohmann::ordered_json> state;  ///< cp.state/1, where it could be asked for
};

/// What a live source knows now.
struct Perception {
  std::vector<LiveResource> resources;
  std::string problem;          ///< what could not be found out, for people; empty: it is complete
  std::chrono::seconds age{0};  ///< how long ago it was so
  bool is_stale = false;        ///< and that is too long, as PROBLEM says
  bool is_trusted = false;      ///< the user vouches for what the source says
};

/// What became of somebody else who was asked and failed with ERROR: "rejected" where he has said
/// what cannot be used, "missing" where he has said nothing.
inline std::string_view status_of_failure(const Error& error) {
  return error.code == Errc::protocol || error.code == Errc::bad_data ? "rejected" : "missing";
}

/// A source that is asked for each query. Not thread-safe: one with a deadline is asked in a thread
/// of its own, all others in one.
class LiveSource {
 public:
  virtual ~LiveSource() = default;
  virtual const std::string& name() const = 0;
  /// How long it may be waited for, which `perceive` keeps to itself, and at once when it is told
  /// to stop; nullopt: it asks nobody elsewhere, and shares things with others that do not either.
  virtual std::optional<std::chrono::milliseconds> deadline() const { return std::nullopt; }
  /// All its resources; an error when the source as a whole cannot be asked.
  virtual Result<Perception> perceive(std::stop_token stop) = 0;
};

}  // namespace cp::market
