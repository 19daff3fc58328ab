// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "cli/context.hpp"
#include "cli/flag_table.hpp"
#include "cli/help.hpp"
#include "cli/parse.hpp"
#include "cli/resolve.hpp"

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <vector>

namespace cp::cli {
namespace {

// A command line, taken apart before any parser sees it.
struct Call {
  const Command* command = nullptr;
  std::vector<std::string> words;  ///< without the command's own name
  std::vector<std::string> job;
};

void report(const Tool& tool, const Terminal& terminal, const Error& error) {
  const Command none{};
  const Context context(tool, none, Resolved{Arguments({}, {}, {}, ""), {}, {}}, terminal);
  context.warn(error);
}

Result<int> print(std::string_view text) {
  if (const auto written = write_all(1, text); !written) {
    return fail(Errc::io, "cannot write standard output: {}", written.error().message);
  }
  return 0;
}

tl::unexpected<Error> unknown_command(const Tool& tool, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command& command : tool.commands) {
    if (!command.summary.empty()) {
      names.push_back(command.name);
    }
  }
  const auto near = text::near_match(word, names);
  return with_hint(
      fail(Errc::usage, "there is no command '{}'", word),
      near ? fmt::format("did you mean {}?", *near) : fmt::format("see {} --help", tool.name));
}

Result<Call> take_apart(const Tool& tool, std::vector<std::string> words) {
  Call call;
  const Command* const fallback = find_command(tool, tool.default_command);
  const std::vector<Flag> known =
      fallback != nullptr ? flags_of(*fallback)
                          : std::vector<Flag>(common_flags().begin(), common_flags().end());
  const std::size_t at = first_operand(known, words);
  call.command = at < words.size() ? find_command(tool, words[at]) : nullptr;
  if (call.command != nullptr) {
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (fallback != nullptr) {
    call.command = fallback;
  } else if (at < words.size()) {
    return unknown_command(tool, words[at]);
  } else {
    CP_TRY(parse_words(common_flags(), words));
    const bool wants_settings = std::ranges::find(words, "--print-config") != words.end();
    return with_hint(fail(Errc::usage, "a command is missing"),
                     wants_settings ? fmt::format("{} COMMAND --print-config", tool.name)
                                    : fmt::format("see {} --help", tool.name));
  }
  if (call.command->takes_job) {
    auto cut =
        words.begin() + static_cast<std::ptrdiff_t>(first_operand(flags_of(*call.command), words));
    call.job.assign(cut != words.end() && *cut == "--" ? cut + 1 : cut, words.end());
    words.erase(cut, words.end());
  }
  call.words = std::move(words);
  return call;
}

// --generate man:FILE|bash|zsh|fish: what the build makes the documentation from.
Result<int> generate(const Tool& tool, std::string_view what) {
  const auto parts = text::cut(what, ':');
  const std::string_view kind = parts ? parts->before : what;
  if (kind == "man") {
    std::string extra;
    if (parts && !parts->after.empty()) {
      CP_TRY_ASSIGN(extra, read_file(std::string(parts->after), limits::document_bytes));
    }
    return print(man_page(tool, extra));
  }
  if (kind == "bash") {
    return print(bash_completion(tool));
  }
  if (kind == "zsh") {
    return print(zsh_completion(tool));
  }
  if (kind == "fish") {
    return print(fish_completion(tool));
  }
  return fail(Errc::usage, "nothing called '{}' can be generated", what);
}

// A word with a line break or a control character in it cannot be completed safely.
Result<int> complete(const Tool& tool, std::string_view kind, const Terminal& terminal) {
  if (tool.complete == nullptr) {
    return 0;
  }
  const Command none{.name = "__complete"};
  CP_TRY_ASSIGN(Resolved resolved, resolve(tool, none, {}, {}));
  Context context(tool, none, std::move(resolved), terminal);
  std::string out;
  for (const std::string& word : tool.complete(context, kind)) {
    if (std::ranges::none_of(
            word, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; })) {
      out += word + "\n";
    }
  }
  return print(out);
}

Terminal with_flags(Terminal terminal, const Arguments& given) {
  const auto decide = [](const std::optional<std::string>& when, bool automatic) {
    return when == "always" || (when != "never" && automatic);
  };
  terminal.output_colour = decide(given.text("color"), terminal.output_colour);
  terminal.error_colour = decide(given.text("color"), terminal.error_colour);
  terminal.progress = decide(given.text("progress"), terminal.progress);
  terminal.quiet = given.has("quiet");
  terminal.verbose = given.has("verbose");
  return terminal;
}

Result<int> run_command(const Tool& tool, Call call, Terminal terminal) {
  CP_TRY_ASSIGN(Words words, parse_words(flags_of(*call.command), call.words));
  if (words.flags.contains("help")) {
    return print(command_help(tool, *call.command, terminal.columns));
  }
  if (words.flags.contains("version")) {
    return print(fmt::format("{} (cptools) {}\n", tool.name, CP_VERSION));
  }
  CP_TRY_ASSIGN(Resolved resolved,
                resolve(tool, *call.command, std::move(words), std::move(call.job)));
  if (resolved.arguments.has("print-config")) {
    return print(describe_settings(*call.command, resolved));
  }
  terminal = with_flags(terminal, resolved.arguments);
  const std::vector<std::string> warnings = std::move(resolved.warnings);
  Context context(tool, *call.command, std::move(resolved), terminal);
  for (const std::string& warning : warnings) {
    context.warn(warning);
  }
  const Result<int> done = call.command->run(context);
  // What was found out before an error is still printed, but no file of -o is put in place.
  const Result<void> sent = done ? context.finish_output() : context.output().flush();
  CP_TRY(done);
  if (!sent && call.command->error_status != 0) {
    // The status of its failures would say that the command did nothing.
    report(tool, terminal, sent.error());
    return exit_status(sent.error().code);
  }
  CP_TRY(sent);
  if (const int signal = context.stop_signal(); signal != 0 && *done == 128 + signal) {
    end_by_signal(signal);
  }
  return *done != 0 ? *done : context.failed_status();
}

Result<int> run(const Tool& tool, std::vector<std::string> words, const Terminal& terminal) {
  if (words.size() == 1 && words[0] == "--version") {
    return print(fmt::format("{} (cptools) {}\n", tool.name, CP_VERSION));
  }
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h" || words[0] == "help")) {
    return print(tool_help(tool, terminal.columns));
  }
  if (words.size() == 2 && words[0] == "help") {
    words = {words[1], "--help"};
  }
  if (words.size() == 2 && words[0] == "--generate") {
    return generate(tool, words[1]);
  }
  if (words.size() == 2 && words[0] == "__complete") {
    return complete(tool, words[1], terminal);
  }
  CP_TRY_ASSIGN(Call call, take_apart(tool, std::move(words)));
  const int error_status = call.command->error_status;
  Result<int> done = run_command(tool, std::move(call), terminal);
  if (!done && error_status != 0) {
    report(tool, terminal, done.error());
    return error_status;
  }
  return done;
}

// A closed standard stream would give its number to the next file that is opened. To read a closed
// standard input, or print to a closed standard output, is an error: nothing is not what was meant.
void open_standard_streams() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) < 0) {
      (void)::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
    }
  }
}

}  // namespace

int run_tool(const Tool& tool, int argc, char** argv) {
  open_standard_streams();
  ::signal(SIGPIPE, SIG_DFL);
  // Past the limit of a file's size a write fails and is told, instead of ending us without a word.
  ::signal(SIGXFSZ, SIG_IGN);
  const Terminal terminal = detect_terminal();
  try {
    const Result<int> done = within_means([&] {
      return run(tool, std::vector<std::string>(argv + std::min(argc, 1), argv + argc), terminal);
    });
    if (done) {
      return *done;
    }
    report(tool, terminal, done.error());
    return exit_status(done.error().code);
  } catch (const std::exception& error) {
    report(tool, terminal, Error{Errc::internal, fmt::format("a bug: {}", error.what()), {}});
    return exit_status(Errc::internal);
  }
}

}  // namespace cp::cli
