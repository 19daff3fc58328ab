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

/// The serial of LENGTH characters that follows LAST ("": the first of all) for PREFIX in the order
/// of the alphabet, among those whose check characters look like no digits; "" after the last.
std::string next_serial(std::string_view prefix, std::string_view last, std::size_t length);

}  // namespace cp::identity
