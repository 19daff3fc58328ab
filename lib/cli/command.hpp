// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a tool consists of, as data: from these tables come the parser, --help, the man page and
/// the completions of three shells. Nothing about a flag is written anywhere else.
namespace cp::cli {

class Context;

/// What a flag's value has to look like; checked while parsing (64), so that a command never sees
/// anything else.
enum class Type {
  flag,       ///< takes no value
  text,       ///< UTF-8, since it goes into documents
  octets,     ///< anything: parts of paths, values of environment variables
  file,       ///< a path, completed as a file; "-" may mean a standard stream
  directory,  ///< a path, completed as a directory
  integer,    ///< a whole number from 0 on
  number,     ///< base/units.hpp parse_number
  bytes,      ///< parse_bytes: a number alone is bytes, as of a packet
  size,       ///< parse_size: a number alone is refused, as of memory
  rate,       ///< parse_rate_bps
  duration,   ///< parse_duration
  money,      ///< an amount with a currency or the configured one; a "/unit" may follow
  choice,     ///< one of `choices`
};

struct Flag {
  std::string_view name;  ///< long name without dashes
  char letter = 0;        ///< short name, or 0
  Type type = Type::flag;
  std::string_view value = {};     ///< what stands for the value in the help: "FILE"
  std::string_view help = {};      ///< one sentence without a final dot
  std::string_view choices = {};   ///< for Type::choice: "auto|always|never"
  std::string_view fallback = {};  ///< the default, as the user would write it
  std::string_view setting = {};   ///< its key in the configuration file, e.g. "cpfind.limit";
                                   ///< the environment's name is CP_ and the key, "." as "_"
  std::string_view complete = {};  ///< kind of word for Tool::complete: "alias", "job"
  bool repeats = false;            ///< may be given several times; all values count
};

/// What stands on the command line without a dash.
struct Operand {
  std::string_view name;  ///< "FILE"; empty: the command takes none
  std::string_view help = {};
  int least = 0;
  int most = 0;  ///< -1: any number
  Type type = Type::text;
  std::string_view complete = {};
};

struct Example {
  std::string_view command;  ///< a shell command line
  std::string_view says;     ///< one sentence
};

struct Command {
  std::string_view name;
  std::string_view summary;      ///< one line, imperative, no dot: "allocate identifiers"
  std::string_view description;  ///< paragraphs separated by empty lines; what, input, output, exit
  std::span<const Flag> flags = {};
  Operand operand = {};
  /// Everything from the first word that is no flag (or from `--`) on is a job's command line: it
  /// is cut off before the parser sees it and reaches the command byte for byte.
  bool takes_job = false;
  std::span<const Example> examples = {};
  /// Does it and returns the exit status of an answer (0 or 1, or a job's own).
  Result<int> (*run)(Context& context) = nullptr;
  /// The exit status of every error of the command, wrong command lines included; 0: by its kind.
  /// For commands whose exit status is somebody else's.
  int error_status = 0;
};

/// A configuration key that has no flag.
struct Setting {
  std::string_view key;  ///< "money.currency"
  std::string_view fallback;
  std::string_view help;
};

struct Tool {
  std::string_view name;
  std::string_view summary;
  std::string_view description;
  std::span<const Command> commands;
  /// The command that runs when the first word names none ("" for: that is an error).
  std::string_view default_command = {};
  std::span<const Setting> settings = {};
  /// Words for a completion of KIND, e.g. the aliases in the registry. They may hold any bytes.
  std::vector<std::string> (*complete)(Context& context, std::string_view kind) = nullptr;
};

/// The whole of a tool's main: parses ARGV, runs the command, prints its error, and returns the
/// exit status. Any exception that gets this far is our bug (70).
int run_tool(const Tool& tool, int argc, char** argv);

/// Flags with one meaning in all tools, for the commands that have a use for them. The flags that
/// every command has (--help --version -q -v --json --table --plain --color --progress --config
/// --print-config -o) need not be listed.
namespace flags {
inline constexpr Flag timeout{"timeout", 0, Type::duration, "DURATION", "give up after DURATION"};
inline constexpr Flag jobs{"jobs", 'j', Type::integer, "N", "do N things at a time"};
inline constexpr Flag dry_run{
    "dry-run", 'n', Type::flag, {}, "show what would be done, and do nothing"};
inline constexpr Flag sort{"sort", 0, Type::text, "KEY[,KEY]", "order by KEY; -KEY reverses"};
inline constexpr Flag limit{"limit", 0, Type::integer, "N", "print N results at most"};
}  // namespace flags

/// Settings with one meaning in all tools that look names up: identity/resolver.hpp reads them.
namespace settings {
inline constexpr Setting registry_urls{
    "registry.urls", "", "registries that are asked for names, in commas or as an array"};
inline constexpr Setting registry_ca{
    "registry.ca", "", "a file of certificates that vouch for them, instead of the system's"};
inline constexpr Setting registry_token{
    "registry.token", "", "the file of a token that their registry wants, which is one alone"};
inline constexpr Setting registry_allow_net{
    "registry.allow_net", "", "networks that referrals may lead to besides public addresses"};
}  // namespace settings

}  // namespace cp::cli
