// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/random.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace cp::transfer {

/// Serves the one client behind IN and OUT, which is this user on another machine, as ssh has
/// proven: paths are those of this user, relative ones begin in the working directory. A connection
/// that is for a stream is handed to the process that has its session, and one that is for an order
/// makes this process a client (transfer/deputy.hpp). Returns one line about what
/// was done; the client was told what went wrong. An error when it was no client of ours. The
/// process has to survive closed pipes. HOST: the address at which the client reached this host,
/// for TCP streams; "" where nobody knows. ARCHIVE: where journals of finished transfers are kept;
/// empty: nowhere.
Result<std::string> serve_stdio(UniqueFd in, UniqueFd out, Random& random,
                                std::chrono::nanoseconds silence, std::string host,
                                std::string archive, std::stop_token stop);

}  // namespace cp::transfer
