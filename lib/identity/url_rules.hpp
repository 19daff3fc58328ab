// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace cp::identity {

/// bad_data, with what is wrong, unless URL is one that a record may name: to launch at
/// (IS_LAUNCH), of a scheme of DESIGN §8; else of any scheme but those that are scripts. A user and
/// a host, where it names them, are words that no program takes for an option (SECURITY §4).
Result<void> check_url(std::string_view url, bool is_launch);

}  // namespace cp::identity
