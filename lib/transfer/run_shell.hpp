// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/report.hpp"
#include "transfer/source.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace cp::transfer {

/// Moves SOURCES to DESTINATION through the shell behind STREAM, which stands in for the cpxfer
/// that is missing there, and fills in REPORT. An error means that nothing was begun; unavailable
/// for what needs a cpxfer at both ends.
Result<void> push_through_shell(const Request& request, const std::vector<Source>& sources,
                                const Location& destination, std::unique_ptr<net::Stream> stream,
                                Report& report, std::stop_token stop);

/// The other way round.
Result<void> pull_through_shell(const Request& request, const std::vector<Location>& sources,
                                std::unique_ptr<net::Stream> stream, Report& report,
                                std::stop_token stop);

}  // namespace cp::transfer
