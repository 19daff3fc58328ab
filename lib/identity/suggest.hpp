// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/identifier.hpp"

#include <string_view>
#include <vector>

namespace cp::identity {

/// The identifiers that one typing error could have made into TEXT, which is none: two characters
/// swapped (neighbours or with one between), one wrong, missing or too many, a pair of equal ones
/// wrong, a separator moved by one or two places, the scheme forgotten. The likelier error first,
/// each identifier once. Empty for a text that is too long for all of them. Takes a few thousand
/// checks.
std::vector<Identifier> suggestions(std::string_view text);

}  // namespace cp::identity
