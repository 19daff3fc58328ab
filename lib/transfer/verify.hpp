// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/transfer.hpp"

namespace cp::transfer {

/// Reads REQUEST's sources and what stands where they would land, changes nothing, and returns a
/// cp.digest/1 record of the sources with `against` and `different`. Names, types, contents and
/// links' targets are compared; modes, times and what else stands there are not. OBSERVER is told
/// of each item that is missing, is another, or cannot be read at either end. What lies at a far
/// end is read there (transfer/far_sums.hpp); with two of them the sums go through here.
///
/// An error, without a record: usage, not_found (a source or the whole destination is missing),
/// denied, unavailable (no such end, or none that sums), protocol, timed_out (STOP was asked, or an
/// end is gone).
Result<model::Json> verify(const Request& request, Observer& observer, std::stop_token stop);

}  // namespace cp::transfer
