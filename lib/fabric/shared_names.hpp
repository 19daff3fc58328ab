// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

namespace cp::fabric {

/// What the names of our endpoints in shared memory begin with.
inline constexpr std::string_view shared_name_prefix = "cpxfer-";

/// Removes what processes of this user that were killed while two endpoints met have left in
/// /dev/shm: files with such names that are older than AGE, which no meeting takes.
void sweep_shared_names(std::chrono::seconds age);

}  // namespace cp::fabric
