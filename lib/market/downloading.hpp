// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

namespace cp::market {

/// How much a catalog may have that comes from a server.
inline constexpr std::size_t kMostCatalogBytes = std::size_t{1} << 30U;

/// Brings the catalog at URL into the file at PATH, whole or not at all. The server is one that the
/// user has named: its own address counts, no redirect. not_found for 404 and 410, unavailable for
/// any other status but 200, timed_out after DEADLINE or on STOP, bad_data past MOST bytes; else as
/// net::HttpClient.
Result<void> download(const std::string& url, const std::string& path,
                      std::chrono::milliseconds deadline, std::stop_token stop,
                      std::size_t most = kMostCatalogBytes);

}  // namespace cp::market
