// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace cp::cli {

/// What stands on a command line: each flag's values as they were typed (a switch has the value
/// "true", or what stands behind its "="), and the words that belong to no flag.
struct Words {
  std::map<std::string, std::vector<std::string>, std::less<>> flags;
  std::vector<std::string> operands;
  /// The flags' names as often and in the order as they stand there.
  std::vector<std::string> order;
};

/// Sorts WORDS by FLAGS; everything behind "--" is an operand. usage for an unknown flag, with the
/// near match, and for a flag without its value.
Result<Words> parse_words(std::span<const Flag> flags, const std::vector<std::string>& words);

}  // namespace cp::cli
