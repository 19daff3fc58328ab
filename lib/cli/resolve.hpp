// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/parse.hpp"

#include <map>
#include <string>
#include <vector>

namespace cp::cli {

/// The settings of a run without a flag of their own, by key.
using SettingValues = std::map<std::string, Arguments::Value, std::less<>>;

struct Resolved {
  Arguments arguments;
  SettingValues settings;
  std::vector<std::string> warnings;  ///< keys of the configuration that nobody knows
};

/// Joins WORDS with the environment, the configuration files and the defaults (in this order of
/// precedence), and checks every value against its flag's type: usage for one from the command
/// line, bad_config for any other. JOB is passed through.
Result<Resolved> resolve(const Tool& tool, const Command& command, Words words,
                         std::vector<std::string> job);

/// "key = value  # origin", a line each, for --print-config.
std::string describe_settings(const Command& command, const Resolved& resolved);

}  // namespace cp::cli
