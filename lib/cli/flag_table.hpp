// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::cli {

/// The flags that every command of every tool has.
std::span<const Flag> common_flags();

/// All flags of COMMAND: its own, then the common ones.
std::vector<Flag> flags_of(const Command& command);

/// The command of TOOL called NAME; null when there is none.
const Command* find_command(const Tool& tool, std::string_view name);

/// The environment variable that stands for a configuration key: "cpfind.limit" is CP_CPFIND_LIMIT.
std::string environment_name(std::string_view setting);

/// What TEXT says of a switch, in any case: true, yes, on or 1; false, no, off or 0. nullopt for
/// all else: a switch that was misspelt must not be taken for one that is off, nor for one that is
/// on.
std::optional<bool> read_switch(std::string_view text);

/// WORDS with "--NAME=" as two, the second one empty: the value of a flag. usage for a switch.
Result<std::vector<std::string>> with_empty_values(std::span<const Flag> flags,
                                                   std::span<const std::string> words);

/// Checks TEXT against the flag's type: a usage error that names the flag. CURRENCY is what an
/// amount without one gets.
Result<void> check_value(const Flag& flag, std::string_view text, std::string_view currency);

/// Where in WORDS the first one stands that belongs to no flag ("--" counts as such a word); FLAGS
/// tells which flags take a value. WORDS.size() when all belong to flags.
std::size_t first_operand(std::span<const Flag> flags, std::span<const std::string> words);

/// The words of TEXT's alternatives "a|b|c".
std::vector<std::string_view> choices_of(const Flag& flag);

}  // namespace cp::cli
