// SPDX-License-Identifier: Apache-2.0
#include "cli/flag_table.hpp"

#include "base/money.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace cp::cli {
namespace {

constexpr std::array kCommon{
    Flag{"help", 'h', Type::flag, {}, "show the help"},
    Flag{"version", 0, Type::flag, {}, "show the version"},
    Flag{"quiet", 'q', Type::flag, {}, "keep notes and progress to yourself"},
    Flag{"verbose", 'v', Type::flag, {}, "say more on standard error"},
    Flag{"json", 0, Type::flag, {}, "print NDJSON, also on a terminal"},
    Flag{"table", 0, Type::flag, {}, "print a table, also into a pipe"},
    Flag{"plain", 0, Type::flag, {}, "print one value a line, for scripts"},
    Flag{"color", 0, Type::choice, "WHEN", "colour the output", "auto|always|never", "auto",
         "color"},
    Flag{"progress", 0, Type::choice, "WHEN", "draw progress on standard error",
         "auto|always|never", "auto", "progress"},
    Flag{"config", 0, Type::file, "FILE", "read FILE in place of the user's configuration"},
    Flag{"print-config", 0, Type::flag, {}, "show each setting and where it comes from"},
    Flag{"output", 'o', Type::file, "FILE", "write the results to FILE, which appears when whole"},
};

const Flag* by_name(std::span<const Flag> flags, std::string_view name) {
  const auto found = std::ranges::find(flags, name, &Flag::name);
  return found == flags.end() ? nullptr : &*found;
}

// Whether WORD ("-x", "-qo", "--name") waits for the next word as its value.
bool takes_next_word(std::span<const Flag> flags, std::string_view word) {
  if (word.starts_with("--")) {
    const Flag* flag = by_name(flags, word.substr(2));
    return flag != nullptr && flag->type != Type::flag;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto flag = std::ranges::find(flags, word[i], &Flag::letter);
    if (flag != flags.end() && flag->type != Type::flag) {
      return i + 1 == word.size();
    }
  }
  return false;
}

Result<void> check_price(std::string_view text, std::string_view currency) {
  const auto parts = text::cut(text, '/');
  CP_TRY_ASSIGN(const Money money, Money::parse(parts ? parts->before : text, currency));
  if (money.amount.is_negative()) {
    return fail(Errc::usage, "'{}' is below 0", text);
  }
  constexpr std::array<std::string_view, 5> units{"hour", "card-hour", "core-hour", "node-hour",
                                                  "job"};
  if (parts && std::ranges::find(units, parts->after) == units.end()) {
    return with_hint(fail(Errc::usage, "'{}' is not a unit of a price", parts->after),
                     "one of hour, card-hour, core-hour, node-hour, job");
  }
  return {};
}

Result<void> check_choice(const Flag& flag, std::string_view text) {
  const auto choices = choices_of(flag);
  if (std::ranges::find(choices, text) != choices.end()) {
    return {};
  }
  const auto near = text::near_match(text, choices);
  return with_hint(fail(Errc::usage, "'{}' is none of {}", text, flag.choices),
                   near ? fmt::format("did you mean {}?", *near) : "");
}

template <class T>
Result<void> forget(const Result<T>& result) {
  CP_TRY(result);
  return {};
}

Result<void> check_type(const Flag& flag, std::string_view text, std::string_view currency) {
  switch (flag.type) {
    case Type::integer: {
      const auto value = text::to_int(text);
      if (!value || *value < 0) {
        return fail(Errc::usage, "'{}' is not a whole number from 0 on", text);
      }
      return {};
    }
    case Type::number:
      return forget(units::parse_number(text));
    case Type::bytes:
      return forget(units::parse_bytes(text));
    case Type::size:
      return forget(units::parse_size(text));
    case Type::rate:
      return forget(units::parse_rate_bps(text));
    case Type::duration:
      return forget(units::parse_duration(text));
    case Type::money:
      return check_price(text, currency);
    case Type::choice:
      return check_choice(flag, text);
    case Type::text:
      if (!utf8::is_valid(text)) {
        return fail(Errc::usage, "'{}' is not valid UTF-8", text);
      }
      return {};
    case Type::flag:
      return read_switch(text) ? Result<void>{}
                               : fail(Errc::usage, "'{}' is neither yes nor no", text);
    case Type::octets:
    case Type::file:
    case Type::directory:
      break;
  }
  return {};
}

}  // namespace

std::span<const Flag> common_flags() { return kCommon; }

std::vector<Flag> flags_of(const Command& command) {
  std::vector<Flag> flags(command.flags.begin(), command.flags.end());
  flags.insert(flags.end(), kCommon.begin(), kCommon.end());
  return flags;
}

const Command* find_command(const Tool& tool, std::string_view name) {
  const auto found = std::ranges::find(tool.commands, name, &Command::name);
  return found == tool.commands.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view setting) {
  std::string name = "CP_" + text::upper(setting);
  std::ranges::replace_if(
      name, [](char c) { return c == '.' || c == '-'; }, '_');
  return name;
}

std::optional<bool> read_switch(std::string_view text) {
  const auto is_one_of = [text](std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(
        words, [text](std::string_view word) { return text::equal_ignoring_case(text, word); });
  };
  if (is_one_of({"true", "yes", "on", "1"})) {
    return true;
  }
  return is_one_of({"false", "no", "off", "0"}) ? std::optional(false) : std::nullopt;
}

Result<std::vector<std::string>> with_empty_values(std::span<const Flag> flags,
                                                   std::span<const std::string> words) {
  std::vector<std::string> apart;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool ends = word.starts_with("--") && word.ends_with('=');
    const Flag* const flag = ends ? by_name(flags, word.substr(2, word.size() - 3)) : nullptr;
    if (flag != nullptr && flag->type == Type::flag) {
      return fail(Errc::usage, "--{}: '' is neither yes nor no", flag->name);
    }
    apart.push_back(flag != nullptr ? fmt::format("--{}", flag->name) : word);
    if (flag != nullptr) {
      apart.emplace_back();
    } else if (takes_next_word(flags, word) && i + 1 < words.size()) {
      apart.push_back(words[++i]);
    }
  }
  return apart;
}

Result<void> check_value(const Flag& flag, std::string_view text, std::string_view currency) {
  const auto checked = check_type(flag, text, currency);
  if (!checked) {
    return with_hint(fail(Errc::usage, "--{}: {}", flag.name, checked.error().message),
                     checked.error().hint);
  }
  return {};
}

std::size_t first_operand(std::span<const Flag> flags, std::span<const std::string> words) {
  std::size_t i = 0;
  while (i < words.size()) {
    const std::string& word = words[i];
    if (word == "--" || word == "-" || !word.starts_with('-')) {
      return i;
    }
    i += takes_next_word(flags, word) ? 2U : 1U;
  }
  return words.size();
}

std::vector<std::string_view> choices_of(const Flag& flag) {
  return text::split(flag.choices, '|');
}

}  // namespace cp::cli
