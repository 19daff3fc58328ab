// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"
#include "transfer/transfer.hpp"

#include <optional>

namespace cp::transfer {

/// What makes two commands the same transfer: this user on this machine, the sources (relative
/// paths from the working directory), the destination, how names land there, and which of them are
/// left out (by age apart, which moves on). Options that only say how bytes travel do not count.
Digest key_of(const Request& request);

/// Whether REQUEST wants to resume and be resumed, and can.
inline bool can_resume(const Request& request) { return request.resume && !request.has_stream(); }

/// That of REQUEST, if it is resumed.
inline std::optional<Digest> wanted_key(const Request& request) {
  return can_resume(request) ? std::optional(key_of(request)) : std::nullopt;
}

}  // namespace cp::transfer
