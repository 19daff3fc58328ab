// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace cp::cli {
namespace {

std::string names_of(const Flag& flag) {
  return (flag.letter == 0 ? "" : fmt::format("-{},", flag.letter)) +
         fmt::format("--{}", flag.name);
}

CLI::Option* add(CLI::App& app, const Flag& flag) {
  if (flag.type == Type::flag) {
    return app.add_flag(names_of(flag));
  }
  // CLI11 2.1 takes a value such as [x,y] apart when an option may have several: one value at a
  // time, and all of them kept.
  return app.add_option(names_of(flag))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

tl::unexpected<Error> unknown(std::span<const Flag> flags, std::string_view word) {
  const auto name = text::cut(word, '=');
  const std::string_view typed = name ? name->before : word;
  std::vector<std::string> long_names;
  for (const Flag& flag : flags) {
    long_names.push_back(fmt::format("--{}", flag.name));
  }
  const std::vector<std::string_view> candidates(long_names.begin(), long_names.end());
  const auto near = text::near_match(typed, candidates);
  auto error = fail(Errc::usage, "there is no flag {}", typed);
  return near ? with_hint(std::move(error), fmt::format("did you mean {}?", *near)) : error;
}

}  // namespace

Result<Words> parse_words(std::span<const Flag> flags, const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> options;
  options.reserve(flags.size());
  for (const Flag& flag : flags) {
    options.push_back(add(app, flag));
  }
  const auto mark = std::ranges::find(words, "--");
  // CLI11 takes nothing for a yes, and the next word for a value that is empty.
  CP_TRY_ASSIGN(auto apart, with_empty_values(flags, {words.begin(), mark}));
  std::ranges::reverse(apart);
  try {
    app.parse(std::move(apart));
  } catch (const CLI::ArgumentMismatch& error) {
    // "--count: 1 required missing"
    const std::string_view what = error.what();
    return fail(Errc::usage, "{} needs a value", what.substr(0, what.find(':')));
  } catch (const CLI::ParseError& error) {
    return fail(Errc::usage, "{}", error.what());
  }
  Words sorted;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (options[i]->count() == 0) {
      continue;
    }
    sorted.flags[std::string(flags[i].name)] =
        flags[i].type == Type::flag ? std::vector<std::string>{options[i]->results().back()}
                                    : options[i]->results();
  }
  for (const CLI::Option* option : app.parse_order()) {
    const auto flag = std::ranges::find(options, option) - options.begin();
    sorted.order.emplace_back(flags[static_cast<std::size_t>(flag)].name);
  }
  for (const std::string& word : app.remaining()) {
    if (word.size() > 1 && word.starts_with('-')) {
      return unknown(flags, word);
    }
    sorted.operands.push_back(word);
  }
  sorted.operands.insert(sorted.operands.end(), mark == words.end() ? mark : mark + 1, words.end());
  return sorted;
}

}  // namespace cp::cli
