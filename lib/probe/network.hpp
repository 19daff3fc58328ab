// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/resolves.hpp"
#include "probe/prober.hpp"
#include "probe/survey.hpp"

#include <optional>

namespace cp::probe {

/// The surroundings as they are: this machine's registry and the network.
class Network final : public Surroundings {
 public:
  /// REGISTRY may be null: then nothing resolves. PLAN is what is sent to each reflector.
  /// Everything is borrowed.
  Network(const identity::Resolves* registry, bool allow_unsigned, const Plan& plan,
          const ProbeContext& context)
      : registry_(registry), allow_unsigned_(allow_unsigned), plan_(plan), context_(context) {}

  Result<ProbeAccess> access_to(std::string_view name) override;
  Result<std::vector<net::Endpoint>> addresses_of(const net::HostPort& host) override;
  Result<Measurement> measure(const std::string& url, const net::Endpoint& peer) override;
  Result<Measurement> measure_this_machine() override;

 private:
  const identity::Resolves* registry_;
  bool allow_unsigned_;
  Plan plan_;
  ProbeContext context_;
};

}  // namespace cp::probe
