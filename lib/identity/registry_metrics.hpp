// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/registry_status.hpp"
#include "identity/service_counts.hpp"
#include "net/http_server.hpp"

#include <string>

namespace cp::identity {

/// What a registry has and has done, in the text form of OpenMetrics 1.0.
std::string registry_metrics(const RegistryStatus& status, const ServiceCounts& counts,
                             const net::HttpCounts& carried);

}  // namespace cp::identity
