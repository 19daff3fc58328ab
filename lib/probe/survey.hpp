// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/access.hpp"
#include "probe/measurement.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::probe {

/// What a survey asks of the world; tests hand in one that is made up.
class Surroundings {
 public:
  virtual ~Surroundings() = default;

  /// How the resource of NAME can be measured; any error means that it cannot be resolved.
  virtual Result<ProbeAccess> access_to(std::string_view name) = 0;
  /// As net::resolve.
  virtual Result<std::vector<net::Endpoint>> addresses_of(const net::HostPort& host) = 0;
  /// As measure_gently; safe on several threads at once.
  virtual Result<Measurement> measure(const std::string& url, const net::Endpoint& peer) = 0;
  /// Measures this machine over loopback.
  virtual Result<Measurement> measure_this_machine() = 0;
};

/// What became of one resource: a measurement, or why there is none.
struct Finding {
  std::optional<Measurement> measurement;
  /// When there is none: a reason of ProbeAccess, `unresolved`, `no_such_host`,
  /// `probe_access_refused` (may_probe), `probe_budget` (too many resources name one host),
  /// `unreachable`.
  std::string reason;
  std::shared_ptr<const identity::Resolved> resource;  ///< null when it was not resolved
};
using Findings = std::map<std::string, Finding, std::less<>>;

/// At most so many reflectors of one address are measured (SECURITY §11).
inline constexpr std::size_t kReflectorsPerAddress = 4;

/// Measures each of the resources that NAMES name, once, and each reflector once, however many
/// resources share it; JOBS at a time, this machine first and alone, since it shares its processors
/// with the survey. A resource with several reflectors is measured at the first one that gives a
/// valid result; one whose jobs run here, by loopback if none does.
Findings survey(std::span<const std::string> names, Surroundings& surroundings, std::size_t jobs);

}  // namespace cp::probe
