// SPDX-License-Identifier: Apache-2.0
#include "cli/help.hpp"

#include "base/text.hpp"
#include "cli/flag_table.hpp"
#include "cli/terminal.hpp"

#include <algorithm>

namespace cp::cli {
namespace {

// TEXT in lines of WIDTH columns, each behind INDENT blanks.
std::string wrap(std::string_view text, int indent, int width) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string out;
  std::string line;
  for (const auto word : text::split(text, ' ')) {
    if (!line.empty() && indent + display_width(line) + 1 + display_width(word) > width) {
      out += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  return out + margin + line + "\n";
}

std::string paragraphs(std::string_view text, int indent, int width) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    std::string paragraph(text.substr(0, end));
    std::ranges::replace(paragraph, '\n', ' ');
    out += wrap(paragraph, indent, width) + "\n";
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
  }
  return out;
}

std::string flag_lines(std::span<const Flag> flags, int width) {
  std::string out;
  for (const Flag& flag : flags) {
    out += "  " + flag_words(flag) + "\n" + wrap(flag_text(flag), 10, width);
  }
  return out;
}

}  // namespace

std::string flag_words(const Flag& flag) {
  std::string out = flag.letter == 0 ? "    " : fmt::format("-{}, ", flag.letter);
  out += fmt::format("--{}", flag.name);
  return flag.type == Type::flag ? out : out + fmt::format("={}", flag.value);
}

std::string flag_text(const Flag& flag) {
  std::string out(flag.help);
  if (!flag.choices.empty()) {
    out += fmt::format("; one of {}", text::join(
                                          [&] {
                                            const auto words = choices_of(flag);
                                            return std::vector<std::string>(words.begin(),
                                                                            words.end());
                                          }(),
                                          ", "));
  }
  if (flag.repeats) {
    out += "; may be given several times";
  }
  if (!flag.fallback.empty()) {
    out += fmt::format(" (default {})", flag.fallback);
  }
  if (!flag.setting.empty()) {
    out += fmt::format(" [{}, {}]", flag.setting, environment_name(flag.setting));
  }
  return out;
}

std::string synopsis(const Tool& tool, const Command& command) {
  std::string out(tool.name);
  const bool is_default = command.name == tool.default_command;
  out += is_default ? fmt::format(" [{}]", command.name) : fmt::format(" {}", command.name);
  out += " [OPTION]...";
  if (command.takes_job) {
    return out + " [--] COMMAND [ARGUMENT]...";
  }
  const Operand& operand = command.operand;
  if (operand.most != 0) {
    const std::string dots = operand.most == 1 ? "" : "...";
    out += operand.least > 0 ? fmt::format(" {}{}", operand.name, dots)
                             : fmt::format(" [{}]{}", operand.name, dots);
  }
  return out;
}

std::string tool_help(const Tool& tool, int width) {
  std::string out = fmt::format("{} - {}\n\n", tool.name, tool.summary);
  std::size_t widest = 0;
  for (const Command& command : tool.commands) {
    widest = std::max(widest, command.name.size());
  }
  for (const Command& command : tool.commands) {
    if (!command.summary.empty()) {
      const bool is_default = command.name == tool.default_command;
      out += fmt::format("  {} {:<{}}  {}{}\n", tool.name, command.name, widest, command.summary,
                         is_default ? " (the default)" : "");
    }
  }
  for (const Command& command : tool.commands) {
    if (command.name == tool.default_command && !command.flags.empty()) {
      out += fmt::format("\nOptions of {}:\n", synopsis(tool, command)) +
             flag_lines(command.flags, std::clamp(width, 40, 100));
    }
  }
  return out + fmt::format("\nMore: {0} COMMAND --help, man {0}\n", tool.name);
}

std::string command_help(const Tool& tool, const Command& command, int width) {
  width = std::clamp(width, 40, 100);
  std::string out =
      fmt::format("{}\n\n{}", synopsis(tool, command), paragraphs(command.description, 0, width));
  if (!command.operand.help.empty()) {
    out += fmt::format("  {}\n{}", command.operand.name, wrap(command.operand.help, 10, width));
  }
  if (!command.flags.empty()) {
    out += flag_lines(command.flags, width);
  }
  out += "\nCommon options:\n" + flag_lines(common_flags(), width);
  if (!command.examples.empty()) {
    out += "\nExamples:\n";
  }
  for (const Example& example : command.examples) {
    out += fmt::format("  {}\n{}", example.command, wrap(example.says, 10, width));
  }
  return out;
}

}  // namespace cp::cli
