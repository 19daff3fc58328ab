// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace cp::transfer {

/// The far end where there is no cpxfer: a program of POSIX sh that reads requests, a line of
/// quoted words each, and answers them (FarShell). It needs dd, tar and the tools of every POSIX
/// system; better ones are used where they are. The variable $home is where relative paths begin.
///
/// Bytes follow a request in a number that the request says, so that nothing in them is taken for a
/// request. While a sum is made a SYN byte goes out now and then: alive.
extern const std::string_view far_agent;

}  // namespace cp::transfer
