// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cp::provider::local {

/// Every living process below this one, parents before children, as /proc shows them at one moment.
std::vector<pid_t> descendants();

/// Sends SIGNAL_NUMBER to all of them.
void signal_descendants(int signal_number);

/// The other living processes of this user that were started with VARIABLE ("NAME=VALUE") in their
/// environment, wherever they are by now. Best effort: a process can hide from it.
std::vector<pid_t> processes_with(std::string_view variable);

}  // namespace cp::provider::local
