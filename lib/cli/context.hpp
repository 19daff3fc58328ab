// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/paths.hpp"
#include "base/random.hpp"
#include "base/signals.hpp"
#include "base/time.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/resolve.hpp"
#include "cli/terminal.hpp"
#include "model/json_reader.hpp"

#include <functional>
#include <memory>
#include <string>

namespace cp::cli {

/// Everything that a running command may touch: its arguments, its output, its diagnostics, the
/// clock, the configuration. Made by run_tool on the main thread and used there.
class Context {
 public:
  Context(const Tool& tool, const Command& command, Resolved resolved, const Terminal& terminal);
  ~Context();

  const Tool& tool() const { return tool_; }
  const Command& command() const { return command_; }
  const Arguments& arguments() const { return resolved_.arguments; }
  /// The value of a configuration key without a flag; "" when nobody set it and it has no default.
  std::string setting(std::string_view key) const;

  const Terminal& terminal() const { return terminal_; }
  /// Where results go; made at first use, with COLUMNS for the table form.
  Output& output(std::span<const Column> columns = {});
  /// Sends on what is left of the output; run_tool does it after the command.
  Result<void> finish_output();

  /// The state, cache and configuration directories.
  Result<Paths> paths() const;
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }

  /// Takes SIGINT and SIGTERM from now on and turns them into a stop request.
  std::stop_token stop_on_signals(bool with_hangup = false);
  /// The same of SIGINT and SIGTERM; calls ON_HANGUP at each SIGHUP, on another thread.
  std::stop_token stop_on_signals(std::function<void()> on_hangup);
  /// The signal that asked to stop, or 0.
  int stop_signal() const;

  /// The JSON documents of the file operands, in order, or of stdin when there are none ("-" is
  /// stdin). With a terminal on stdin and no operand it says once on stderr that it waits.
  model::JsonReader open_documents(std::span<const std::string> files) const;

  /// "TOOL: MESSAGE" on stderr, escaped, one line (and the hint on a second one). A warning is for
  /// what goes on; an error of the whole command is returned from it instead.
  void warn(const Error& error) const;
  void warn(std::string_view message) const;
  /// As `warn`, but not under -q.
  void note(std::string_view message) const;
  /// Only under -v.
  void detail(std::string_view message) const;

  /// One failed item of many: a line on stderr, a cp.error/1 in the stream when that is NDJSON, and
  /// the kinds of all failures together (by `graver`) are the command's exit status unless it gives
  /// one of its own.
  void item_failed(const Error& error, std::string_view item);
  /// The exit status of the items that failed so far, 0 when none did.
  int failed_status() const;

 private:
  const Tool& tool_;
  const Command& command_;
  Resolved resolved_;
  const Terminal& terminal_;
  SystemClock clock_;
  KernelRandom random_;
  std::unique_ptr<Output> output_;
  std::unique_ptr<SignalStop> signals_;
  std::optional<Errc> failed_;
};

}  // namespace cp::cli
