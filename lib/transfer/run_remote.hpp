// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/agreement.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/report.hpp"
#include "transfer/source.hpp"

#include <stop_token>
#include <vector>

namespace cp::transfer {

/// What REQUEST asks of a server over RAIL, but for where, and which connection it is.
Open open_of(const Request& request, RailChoice rail, Direction direction);

/// usage when SOURCES are at more than one server.
Result<void> check_one_server(const std::vector<Location>& sources);

/// Moves SOURCES to the server at DESTINATION and fills in REPORT; in a dry run, shows what would
/// land. An error means that nothing was begun: unavailable, denied, cannot_create, protocol.
Result<void> run_push(const Request& request, const std::vector<Source>& sources,
                      const Location& destination, Report& report, std::stop_token stop);

/// Moves what the server at SOURCES (all of one server) has to REQUEST's destination here.
Result<void> run_pull(const Request& request, const std::vector<Location>& sources, Report& report,
                      std::stop_token stop);

}  // namespace cp::transfer
