// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/expression.hpp"

#include <string>

namespace cp::model {

/// CONDITION in words of the language, which parse to one that means the same; empty for the
/// condition that has no parts.
std::string to_text(const Condition& condition);

/// VALUE of a field of KIND as it stands in an expression: "80GiB", 15CNY, cn-sh, "two words".
std::string to_text(Kind kind, const Literal& value);

}  // namespace cp::model
