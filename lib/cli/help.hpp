// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>

/// Everything that is said about a tool's command line, made from its tables.
namespace cp::cli {

/// TOOL --help: the commands, one line each, and the flags of the one that needs no name, WIDTH
/// columns wide.
std::string tool_help(const Tool& tool, int width);
/// TOOL COMMAND --help: all of it, WIDTH columns wide.
std::string command_help(const Tool& tool, const Command& command, int width);

/// "cpid mint [--count N] [OPTION]... [FILE]..."
std::string synopsis(const Tool& tool, const Command& command);
/// "-j, --jobs=N"
std::string flag_words(const Flag& flag);
/// The flag's help with its choices, default and setting behind it.
std::string flag_text(const Flag& flag);

/// The man page of section 1 (man(7) macros); EXTRA is roff for the sections before SEE ALSO.
std::string man_page(const Tool& tool, std::string_view extra);

/// Completion functions of the three shells. Words from the tool itself (aliases, jobs) are foreign
/// text: they are only ever data to the shell (SECURITY §5).
std::string bash_completion(const Tool& tool);
std::string zsh_completion(const Tool& tool);
std::string fish_completion(const Tool& tool);

}  // namespace cp::cli
