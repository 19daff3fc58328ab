// SPDX-License-Identifier: Apache-2.0
#include "probe/network.hpp"

#include "identity/resolved.hpp"

namespace cp::probe {

Result<ProbeAccess> Network::access_to(std::string_view name) {
  if (registry_ == nullptr) {
    return fail(Errc::not_found, "{}: there is no registry here", name);
  }
  CP_TRY_ASSIGN(const identity::Resolved resource, registry_->resolve(name));
  return access_of(resource, allow_unsigned_);
}

Result<std::vector<net::Endpoint>> Network::addresses_of(const net::HostPort& host) {
  return net::resolve(host);
}

Result<Measurement> Network::measure(const std::string& url, const net::Endpoint& peer) {
  return measure_gently(url, peer, plan_, context_);
}

Result<Measurement> Network::measure_this_machine() {
  return probe::measure_this_machine(plan_, context_);
}

}  // namespace cp::probe
