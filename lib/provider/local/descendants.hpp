// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <vector>

namespace cp::provider::local {

/// Every living process below this one, parents before children, as /proc shows them at one moment.
std::vector<pid_t> descendants();

/// Sends SIGNAL_NUMBER to all of them.
void signal_descendants(int signal_number);

}  // namespace cp::provider::local
