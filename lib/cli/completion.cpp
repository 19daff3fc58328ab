// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/text.hpp"
#include "cli/flag_table.hpp"
#include "cli/help.hpp"

#include <algorithm>

namespace cp::cli {
namespace {

std::vector<const Command*> visible(const Tool& tool) {
  std::vector<const Command*> out;
  for (const Command& command : tool.commands) {
    if (!command.summary.empty()) {
      out.push_back(&command);
    }
  }
  return out;
}

std::string command_names(const Tool& tool) {
  std::vector<std::string> names;
  for (const Command* command : visible(tool)) {
    names.emplace_back(command->name);
  }
  return text::join(names, " ");
}

std::string long_flags(const Command& command) {
  std::vector<std::string> names;
  for (const Flag& flag : flags_of(command)) {
    names.push_back(fmt::format("--{}", flag.name));
  }
  return text::join(names, " ");
}

// "--config|-o|--output" of FLAGS whose values PREDICATE takes.
template <class Predicate>
std::string pattern(const std::vector<Flag>& flags, Predicate takes) {
  std::vector<std::string> words;
  for (const Flag& flag : flags) {
    if (takes(flag)) {
      words.push_back(fmt::format("--{}", flag.name));
      if (flag.letter != 0) {
        words.push_back(fmt::format("-{}", flag.letter));
      }
    }
  }
  return text::join(words, "|");
}

bool is_path(Type type) { return type == Type::file || type == Type::directory; }

std::string spaced(std::string_view choices) {
  std::string out(choices);
  std::ranges::replace(out, '|', ' ');
  return out;
}

std::string bash_case(const Command& command) {
  const std::vector<Flag> flags = flags_of(command);
  std::string out = fmt::format("    {})\n      case $previous in\n", command.name);
  const auto add = [&](const std::string& words, const std::string& action) {
    if (!words.empty()) {
      out += fmt::format("        {}) {}; return ;;\n", words, action);
    }
  };
  for (const Flag& flag : flags) {
    const auto is_this = [&](const Flag& other) { return other.name == flag.name; };
    if (flag.type == Type::choice) {
      add(pattern(flags, is_this), "_@TOOL@_offer " + spaced(flag.choices));
    } else if (!flag.complete.empty()) {
      add(pattern(flags, is_this), fmt::format("_@TOOL@_ask {}", flag.complete));
    }
  }
  add(pattern(flags, [](const Flag& flag) { return is_path(flag.type); }), "_@TOOL@_files");
  add(pattern(flags,
              [](const Flag& flag) {
                return flag.type != Type::flag && flag.type != Type::choice &&
                       !is_path(flag.type) && flag.complete.empty();
              }),
      ":");
  out += "      esac\n";
  out += fmt::format("      if [[ $current == -* ]]; then _@TOOL@_offer {}; return; fi\n",
                     long_flags(command));
  if (!command.operand.complete.empty()) {
    out += fmt::format("      _@TOOL@_ask {}\n", command.operand.complete);
  }
  if (is_path(command.operand.type) || command.takes_job) {
    out += "      _@TOOL@_files\n";
  }
  return out + "      ;;\n";
}

std::string zsh_case(const Command& command) {
  std::string out = fmt::format("    ({})\n      case $previous in\n", command.name);
  for (const Flag& flag : flags_of(command)) {
    if (flag.type == Type::flag) {
      continue;
    }
    const std::string action = flag.type == Type::choice ? "compadd -- " + spaced(flag.choices)
                               : !flag.complete.empty()
                                   ? fmt::format("_@TOOL@_ask {}", flag.complete)
                               : is_path(flag.type) ? "_files"
                                                    : ":";
    const std::string letter = flag.letter == 0 ? "" : fmt::format("|-{}", flag.letter);
    out += fmt::format("        (--{}{}) {}; return ;;\n", flag.name, letter, action);
  }
  out += fmt::format("      esac\n      if [[ $PREFIX == -* ]]; then compadd -- {}; return; fi\n",
                     long_flags(command));
  if (!command.operand.complete.empty()) {
    out += fmt::format("      _@TOOL@_ask {}\n", command.operand.complete);
  }
  return out + (is_path(command.operand.type) || command.takes_job ? "      _files\n      ;;\n"
                                                                   : "      ;;\n");
}

std::string fish_flag(const Flag& flag, std::string_view seen) {
  std::string out = fmt::format("complete -c @TOOL@ -n {} -l {} -d {}", seen, flag.name,
                                escape::shell(flag.help));
  if (flag.letter != 0) {
    out += fmt::format(" -s {}", flag.letter);
  }
  if (is_path(flag.type)) {
    return out + " -r -F\n";
  }
  if (flag.type == Type::choice) {
    return out + fmt::format(" -x -a {}\n", escape::shell(spaced(flag.choices)));
  }
  if (!flag.complete.empty()) {
    return out + fmt::format(" -x -a '(@TOOL@ __complete {} 2>/dev/null)'\n", flag.complete);
  }
  return out + (flag.type == Type::flag ? "\n" : " -x\n");
}

// TEMPLATE with the tool's own words in it.
std::string filled(std::string_view pattern_text, const Tool& tool) {
  std::string out = text::replace_all(pattern_text, "@TOOL@", tool.name);
  out = text::replace_all(out, "@COMMANDS@", command_names(tool));
  return text::replace_all(out, "@DEFAULT@",
                           tool.default_command.empty() ? "''" : tool.default_command);
}

}  // namespace

std::string bash_completion(const Tool& tool) {
  // Words are compared and quoted one by one: none is ever expanded or evaluated.
  std::string out = R"(# bash completion of @TOOL@; generated from the program
_@TOOL@_offer() {
  local word
  for word in "$@"; do
    if [[ $word == "$current"* ]]; then
      word=${word#"$cut"}
      printf -v word '%q' "$word"
      COMPREPLY+=("$word")
    fi
  done
}
_@TOOL@_ask() {
  local words=()
  mapfile -t words < <("${COMP_WORDS[0]}" __complete "$1" 2>/dev/null)
  _@TOOL@_offer "${words[@]}"
}
_@TOOL@_files() {
  local word
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do
    COMPREPLY+=("${word#"$cut"}")
  done < <(compgen -f -- "$current")
}
_@TOOL@() {
  local current previous command= cut= word i
  COMPREPLY=()
  # Readline breaks words at : = and @; what stands before a break is not replaced.
  current=${COMP_LINE:0:COMP_POINT}
  current=${current##*[[:space:]]}
  previous=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $current == --*=* ]]; then
    previous=${current%%=*}
    current=${current#*=}
  fi
  word=${COMP_WORDS[COMP_CWORD]}
  [[ $word == [:=@] ]] && word=
  cut=${current%"$word"}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " @COMMANDS@ " in *" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]}; break ;; esac
  done
  if [[ -z $command ]]; then
    [[ $current == -* ]] || _@TOOL@_offer @COMMANDS@
    command=@DEFAULT@
  fi
  case $command in
)";
  for (const Command* command : visible(tool)) {
    out += bash_case(*command);
  }
  out +=
      "    *) [[ $current == -* ]] && _@TOOL@_offer --help --version ;;\n"
      "  esac\n}\ncomplete -F _@TOOL@ @TOOL@\n";
  return filled(out, tool);
}

std::string zsh_completion(const Tool& tool) {
  std::string out = R"(#compdef @TOOL@
# zsh completion of @TOOL@; generated from the program
_@TOOL@_ask() {
  local -a words
  words=("${(@f)$("${service:-@TOOL@}" __complete "$1" 2>/dev/null)}")
  compadd -a words
}
_@TOOL@() {
  local command= word previous=${words[CURRENT-1]}
  for word in "${(@)words[2,CURRENT-1]}"; do
    case " @COMMANDS@ " in (*" $word "*) command=$word; break ;; esac
  done
  if [[ -z $command ]]; then
    [[ $PREFIX == -* ]] || compadd -- @COMMANDS@
    command=@DEFAULT@
  fi
  case $command in
)";
  for (const Command* command : visible(tool)) {
    out += zsh_case(*command);
  }
  out +=
      "    (*) [[ $PREFIX == -* ]] && compadd -- --help --version ;;\n"
      "  esac\n}\n_@TOOL@ \"$@\"\n";
  return filled(out, tool);
}

std::string fish_completion(const Tool& tool) {
  std::string out =
      "# fish completion of @TOOL@; generated from the program\ncomplete -c @TOOL@ -f\n";
  const std::string none = "'not __fish_seen_subcommand_from @COMMANDS@'";
  for (const Command* command : visible(tool)) {
    out += fmt::format("complete -c @TOOL@ -n {} -a {} -d {}\n", none, command->name,
                       escape::shell(command->summary));
    const std::string seen = command->name == tool.default_command
                                 ? none
                                 : fmt::format("'__fish_seen_subcommand_from {}'", command->name);
    for (const Flag& flag : flags_of(*command)) {
      out += fish_flag(flag, seen);
    }
    if (!command->operand.complete.empty()) {
      out += fmt::format("complete -c @TOOL@ -n {} -a '(@TOOL@ __complete {} 2>/dev/null)'\n", seen,
                         command->operand.complete);
    }
    if (is_path(command->operand.type) || command->takes_job) {
      out += fmt::format("complete -c @TOOL@ -n {} -F\n", seen);
    }
  }
  return filled(out, tool);
}

}  // namespace cp::cli
