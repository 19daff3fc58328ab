// SPDX-License-Identifier: Apache-2.0
#include "cli/resolve.hpp"

#include "base/escape.hpp"
#include "base/file.hpp"
#include "base/money.hpp"
#include "base/paths.hpp"
#include "base/text.hpp"
#include "cli/flag_table.hpp"
#include "cli/settings.hpp"

#include <array>
#include <cstdlib>
#include <optional>

namespace cp::cli {
namespace {

constexpr std::array kCommonSettings{
    Setting{"money.currency", "",
            "the currency of an amount that is written without one, e.g. CNY"},
};

constexpr std::array<std::string_view, 5> kSuite{"cpid", "cpfind", "cpprobe", "cpxfer", "cprun"};

std::optional<std::string> environment(std::string_view key) {
  const char* value = std::getenv(environment_name(key).c_str());  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// What the environment, the files and the default say of KEY.
Arguments::Value value_of(std::string_view key, std::string_view fallback,
                          const Settings& settings) {
  if (!key.empty()) {
    if (const auto value = environment(key)) {
      return {{*value}, environment_name(key)};
    }
    if (const Settings::Value* value = settings.find(key)) {
      return {{value->text}, value->origin};
    }
  }
  return fallback.empty() ? Arguments::Value{}
                          : Arguments::Value{{std::string(fallback)}, "default"};
}

Result<Settings> load_settings(const Words& words) {
  if (const auto named = words.flags.find("config"); named != words.flags.end()) {
    return Settings::load(named->second.back(), true);
  }
  CP_TRY_ASSIGN(const Paths paths, paths_from_environment());
  return Settings::load(path_join(paths.config, "config.toml"), false);
}

Result<void> check(const Flag& flag, const Arguments::Value& value, std::string_view currency) {
  for (const std::string& text : value.texts) {
    // An empty variable of the environment says nothing.
    if (flag.type == Type::flag && text.empty() && value.origin != "command line") {
      continue;
    }
    if (auto fits = check_value(flag, text, currency); !fits) {
      if (value.origin == "command line") {
        return fits;
      }
      return with_hint(fail(Errc::bad_config, "{}: {}", value.origin, fits.error().message),
                       fits.error().hint);
    }
  }
  return {};
}

Result<void> check_currency(const Arguments::Value& value) {
  if (value.texts.empty() || value.texts.back().empty() || is_currency(value.texts.back())) {
    return {};
  }
  return with_hint(fail(Errc::bad_config, "{}: money.currency: '{}' is no currency", value.origin,
                        value.texts.back()),
                   "three capital letters of ISO 4217, such as CNY");
}

// A word that the default command cannot use may have been meant for a command's name.
std::string command_hint(const Tool& tool, const Command& command, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command& other : tool.commands) {
    if (!other.summary.empty() && command.name == tool.default_command) {
      names.push_back(other.name);
    }
  }
  const auto near = text::near_match(word, names);
  return near ? fmt::format("did you mean {} {}?", tool.name, *near) : "";
}

Result<void> check_operands(const Tool& tool, const Command& command, const Words& words) {
  const Operand& operand = command.operand;
  const auto count = static_cast<int>(words.operands.size());
  if (operand.most >= 0 && count > operand.most) {
    const std::string& word = words.operands[static_cast<std::size_t>(operand.most)];
    return with_hint(fail(Errc::usage, "'{}' is one word too many", word),
                     command_hint(tool, command, word));
  }
  if (count < operand.least) {
    return fail(Errc::usage, "{} is missing", operand.name);
  }
  return {};
}

std::vector<std::string> known_keys(const Tool& tool) {
  std::vector<std::string> keys;
  for (const Command& command : tool.commands) {
    for (const Flag& flag : flags_of(command)) {
      keys.emplace_back(flag.setting);
    }
  }
  for (const Setting& setting : tool.settings) {
    keys.emplace_back(setting.key);
  }
  for (const Setting& setting : kCommonSettings) {
    keys.emplace_back(setting.key);
  }
  return keys;
}

// One configuration serves the suite: each tool warns of what is written for it, or for nobody.
std::vector<std::string> warnings_of(const Settings& settings, const Tool& tool) {
  std::vector<std::string> warnings;
  const std::vector<std::string> known = known_keys(tool);
  const std::vector<std::string_view> words(known.begin(), known.end());
  for (const auto& [key, value] : settings.unknown(known)) {
    const std::string_view section = std::string_view(key).substr(0, key.find('.'));
    if (section != tool.name && std::ranges::find(kSuite, section) != kSuite.end()) {
      continue;
    }
    const auto near = text::near_match(key, words);
    warnings.push_back(fmt::format("{}: there is no setting {}{}", value.origin, key,
                                   near ? fmt::format("; did you mean {}?", *near) : ""));
  }
  return warnings;
}

}  // namespace

Result<Resolved> resolve(const Tool& tool, const Command& command, Words words,
                         std::vector<std::string> job) {
  CP_TRY_ASSIGN(const Settings settings, load_settings(words));
  SettingValues values;
  for (const Setting& setting : kCommonSettings) {
    values[std::string(setting.key)] = value_of(setting.key, setting.fallback, settings);
  }
  for (const Setting& setting : tool.settings) {
    values[std::string(setting.key)] = value_of(setting.key, setting.fallback, settings);
  }
  const auto& currency_value = values["money.currency"];
  CP_TRY(check_currency(currency_value));
  const std::string currency = currency_value.texts.empty() ? "" : currency_value.texts.back();
  std::map<std::string, Arguments::Value, std::less<>> flags;
  for (const Flag& flag : flags_of(command)) {
    const auto typed = words.flags.find(flag.name);
    Arguments::Value value = typed != words.flags.end()
                                 ? Arguments::Value{typed->second, "command line"}
                                 : value_of(flag.setting, flag.fallback, settings);
    CP_TRY(check(flag, value, currency));
    if (flag.type == Type::flag && !value.texts.empty() &&
        !read_switch(value.texts.back()).value_or(false)) {
      value.texts.clear();
    }
    flags.emplace(flag.name, std::move(value));
  }
  if (!words.flags.contains("print-config")) {
    CP_TRY(check_operands(tool, command, words));
  }
  return Resolved{Arguments(std::move(flags), std::move(words.operands), std::move(job), currency,
                            std::move(words.order)),
                  std::move(values), warnings_of(settings, tool)};
}

std::string describe_settings(const Command& command, const Resolved& resolved) {
  std::string out;
  const auto add = [&](std::string_view key, const Arguments::Value& value) {
    const std::string shown =
        value.texts.empty() ? "" : escape::terminal(text::join(value.texts, ","));
    out += fmt::format("{} = \"{}\"  # {}\n", key, shown,
                       value.origin.empty() ? "not set" : value.origin);
  };
  for (const Flag& flag : flags_of(command)) {
    if (!flag.setting.empty()) {
      add(flag.setting, resolved.arguments.all().find(flag.name)->second);
    }
  }
  for (const auto& [key, value] : resolved.settings) {
    add(key, value);
  }
  if (const auto paths = paths_from_environment()) {
    const bool is_given = std::getenv("CP_STATE_DIR") != nullptr;  // NOLINT(concurrency-mt-unsafe)
    add("state_dir", {{paths->state}, is_given ? "CP_STATE_DIR" : "default"});
    add("cache_dir", {{paths->cache}, "XDG_CACHE_HOME or default"});
  }
  return out;
}

}  // namespace cp::cli
