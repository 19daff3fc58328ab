// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// COUNT random serials of LENGTH characters for PREFIX, less those that came twice, in order.
/// Those whose check characters would look like digits are drawn again.
std::vector<std::string> draw_serials(std::string_view prefix, std::size_t count,
                                      std::size_t length, Random& random);

}  // namespace cp::identity
