// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/report.hpp"

#include <functional>
#include <stop_token>

namespace cp::transfer {

/// Moves by ONCE, which fills in REPORT, again and again while the other end is lost and comes
/// back, as REQUEST says for how long. An error of the first time is returned: nothing was begun.
Result<void> go_on_while_lost(const Request& request, Report& report, const std::stop_token& stop,
                              const std::function<Result<void>()>& once);

}  // namespace cp::transfer
