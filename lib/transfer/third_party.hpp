// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/endpoint.hpp"
#include "transfer/report.hpp"

#include <stop_token>
#include <vector>

namespace cp::transfer {

/// Moves what SOURCES (all of one far end) have to DESTINATION, another far end, and fills in
/// REPORT; this process stays out of the data's way. A deputy on a host that ssh reaches is the
/// client: of the server, or of the cpxfer on the other host, with which it talks through this
/// process, and to which its data goes straight: from the source to the destination, and where that
/// connection cannot be made the other way round. An error means that nothing was begun: usage;
/// unavailable for two servers, and when there is no direct way; as run_push.
Result<void> run_third_party(const Request& request, const std::vector<Location>& sources,
                             const Location& destination, Report& report, std::stop_token stop);

}  // namespace cp::transfer
