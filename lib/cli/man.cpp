// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/flag_table.hpp"
#include "cli/help.hpp"

#include <algorithm>
#include <array>

namespace cp::cli {
namespace {

// TEXT as roff: no line of it is taken for a request, and a dash stays one that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) {
      out += "\\&";
    }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '`') {
      out += "\\(ga";
    } else {
      out += c;
    }
    at_line_start = c == '\n';
  }
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    out += (out.empty() ? "" : ".PP\n") + roff(text.substr(0, end)) + "\n";
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
  }
  return out;
}

std::string flag_items(std::span<const Flag> flags) {
  std::string out;
  for (const Flag& flag : flags) {
    out +=
        fmt::format(".TP\n.B {}\n{}.\n", roff(text::trim(flag_words(flag))), roff(flag_text(flag)));
  }
  return out;
}

std::string examples(std::span<const Example> items) {
  std::string out;
  for (const Example& example : items) {
    out += fmt::format(".PP\n{}\n.PP\n.nf\n.RS 4\n{}\n.RE\n.fi\n", roff(example.says),
                       roff(example.command));
  }
  return out;
}

std::string command_section(const Tool& tool, const Command& command) {
  std::string out = fmt::format(".SS {}\n.B {}\n.PP\n{}", roff(command.name),
                                roff(synopsis(tool, command)), paragraphs(command.description));
  if (!command.operand.help.empty()) {
    out += fmt::format(".TP\n.I {}\n{}.\n", roff(command.operand.name), roff(command.operand.help));
  }
  return out + flag_items(command.flags) + examples(command.examples);
}

constexpr std::string_view kExitStatus =
    R"(.TP
.B 0
done; the answer is yes
.TP
.B 1
it ran and the answer is no: no match, check failed, some items failed
.TP
.BR 64 ", " 65 ", " 66
wrong command line; malformed or unfinished input; the named thing does not exist
.TP
.BR 69 ", " 70 ", " 73 ", " 74
unreachable or unsupported here; a bug of this program; the output cannot be created; reading or
writing failed
.TP
.BR 75 ", " 76 ", " 77 ", " 78
timed out, try again; the peer broke the protocol; refused; bad configuration
.TP
.BI 128+ N
ended by signal
.I N
)";

std::string environment_section(const Tool& tool) {
  std::string out =
      ".TP\n.B CP_STATE_DIR\nwhere the state is kept; else\n.I $XDG_STATE_HOME/cptools\n"
      ".TP\n.BR XDG_CACHE_HOME \", \" XDG_CONFIG_HOME\nwhere the cache and the configuration are\n"
      ".TP\n.B NO_COLOR\nno colours\n.TP\n.B CP_MONEY_CURRENCY\nthe currency of an amount without "
      "one\n";
  for (const Setting& setting : tool.settings) {
    out += fmt::format(".TP\n.B {}\n{}\n", roff(environment_name(setting.key)), roff(setting.help));
  }
  return out;
}

std::string see_also(const Tool& tool) {
  constexpr std::array<std::string_view, 5> tools{"cpfind", "cpid", "cpprobe", "cprun", "cpxfer"};
  std::string out;
  std::string_view waiting;
  for (const auto name : tools) {
    if (name == tool.name) {
      continue;
    }
    if (!waiting.empty()) {
      out += fmt::format(".BR {} (1),\n", waiting);
    }
    waiting = name;
  }
  return out + fmt::format(".BR {} (1)\n", waiting);
}

}  // namespace

std::string man_page(const Tool& tool, std::string_view extra) {
  std::string out = fmt::format(".TH {} 1 {} \"cptools {}\" \"cptools manual\"\n",
                                text::upper(tool.name), CP_RELEASE_DATE, CP_VERSION);
  out += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.nf\n", tool.name, roff(tool.summary));
  for (const Command& command : tool.commands) {
    if (!command.summary.empty()) {
      out += fmt::format(".B {}\n", roff(synopsis(tool, command)));
    }
  }
  out += ".fi\n.SH DESCRIPTION\n" + paragraphs(tool.description) + ".SH COMMANDS\n";
  for (const Command& command : tool.commands) {
    if (!command.summary.empty()) {
      out += command_section(tool, command);
    }
  }
  out += ".SH COMMON OPTIONS\n" + flag_items(common_flags());
  out += ".SH EXIT STATUS\n" + std::string(kExitStatus);
  out += ".SH ENVIRONMENT\n" + environment_section(tool);
  out +=
      ".SH FILES\n.TP\n.IR $XDG_CONFIG_HOME/cptools/config.toml \", \" /etc/cptools/config.toml\n"
      "settings, named in brackets behind the options above\n";
  return out + std::string(extra) + ".SH SEE ALSO\n" + see_also(tool);
}

}  // namespace cp::cli
