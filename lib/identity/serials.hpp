// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// COUNT identifiers of PREFIX, less those that came twice, with random serials of LENGTH
/// characters, in the order of their serials. Serials whose check characters would look like digits
/// are drawn again.
std::vector<std::string> draw_codes(std::string_view prefix, std::size_t count, std::size_t length,
                                    Random& random);

}  // namespace cp::identity
