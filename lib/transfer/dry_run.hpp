// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/landing.hpp"
#include "transfer/report.hpp"
#include "transfer/source.hpp"

#include <stop_token>
#include <vector>

namespace cp::transfer {

/// Tells the observer what would land where when SELECTION of SOURCES goes to PLAN below SERVER (""
/// for this machine), and counts it, without reading or writing a file.
Result<void> show_plan(const std::vector<Source>& sources, const Plan& plan,
                       const Selection& selection, const std::string& server, Report& report,
                       std::stop_token stop);

/// As show_plan, for REQUEST's destination on this machine.
Result<void> show_local(const Request& request, const std::vector<Source>& sources, Report& report,
                        std::stop_token stop);

}  // namespace cp::transfer
