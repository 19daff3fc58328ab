// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/report.hpp"

#include <stop_token>

namespace cp::transfer {

/// Moves what REQUEST asks for and fills in REPORT, which is that of REQUEST. An error means that
/// nothing was begun; as `run`, which makes a record of it.
Result<void> carry_out(const Request& request, Report& report, std::stop_token stop);

}  // namespace cp::transfer
