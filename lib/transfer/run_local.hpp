// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/landing.hpp"
#include "transfer/record.hpp"
#include "transfer/report.hpp"
#include "transfer/source.hpp"

#include <vector>

namespace cp::transfer {

/// Moves SOURCES to REQUEST's destination on this machine and fills in REPORT. An error means that
/// nothing was begun.
Result<void> run_local(const Request& request, const std::vector<Source>& sources, Report& report,
                       std::stop_token stop);

/// What SOURCES are, as far as it decides where they land.
Incoming incoming_of(const Request& request, const std::vector<Source>& sources);

/// usage when INCOMING is more than one file.
Result<void> check_fits_stream(const Incoming& incoming);

}  // namespace cp::transfer
