// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "net/host_port.hpp"
#include "probe/measurement.hpp"
#include "probe/session.hpp"

#include <stop_token>

namespace cp::probe {

/// What a prober asks of the world around it. Everything outlives it.
struct ProbeContext {
  const Clock& clock;
  Random& random;
  std::stop_token stop;
};

/// Measures the path to PEER, which TARGET names, by PLAN. What the peer or the path do wrong is in
/// the measurement; unavailable when there is no route to send on, usage for a plan that cannot be.
Result<Measurement> measure(const std::string& target, const net::Endpoint& peer, const Plan& plan,
                            const ProbeContext& context, const Session::Watch& watch = {});

/// As `measure`, for peers that nobody has asked to be measured by hand: three packets at most go
/// out before one is answered, spread over the time-out (SECURITY §11), and those do not count.
/// When this host was too busy for a valid measurement, it is made again, twice at most, each time
/// with twice the interval.
Result<Measurement> measure_gently(const std::string& target, const net::Endpoint& peer,
                                   const Plan& plan, const ProbeContext& context);

/// As `measure_gently`, of this machine over loopback, with a reflector that runs meanwhile.
Result<Measurement> measure_this_machine(const Plan& plan, const ProbeContext& context);

}  // namespace cp::probe
