// SPDX-License-Identifier: Apache-2.0
#include "screen.hpp"

#include "base/escape.hpp"
#include "cli/context.hpp"

#include <fmt/format.h>

#include <utility>

namespace cpxfer {

Screen::Screen(cp::cli::Context& context, std::string_view doing, std::string_view cannot,
               bool has_output)
    : context_(context),
      progress_(doing, context.terminal(), context.clock()),
      cannot_(cannot),
      has_output_(has_output) {}

void Screen::progress(const cp::transfer::Progress& now) {
  std::string detail =
      fmt::format("{}/{}{} files", now.files_done, now.files_total, now.walk_ended ? "" : "+");
  if (!now.bottleneck.empty()) {
    detail += fmt::format(", {}", now.bottleneck);
  }
  progress_.update(now.bytes_moved, now.walk_ended ? now.bytes_total : 0, detail);
}

void Screen::item_failed(const cp::Error& error, std::string_view path) {
  const std::string message =
      fmt::format("{} {}: {}", cannot_, cp::escape::terminal(path), error.message);
  if (!has_output_) {
    context_.warn(message);
    return;
  }
  context_.item_failed({error.code, message, error.hint}, path);
}

// One line, however often it takes.
void Screen::lost(const cp::Error& error) {
  if (std::exchange(lost_, error.message) != error.message) {
    context_.note(fmt::format("{}; trying to come back", cp::escape::terminal(error.message)));
  }
}

void Screen::rail_lost(std::string_view rail, const cp::Error& error) {
  context_.note(fmt::format("the rail {} does not carry: {}; going on without it",
                            cp::escape::terminal(rail), cp::escape::terminal(error.message)));
}

void Screen::goes_without(std::string_view why) {
  context_.note(
      fmt::format("{}; going through the shell there, more slowly, over one stream, without "
                  "--preserve, --update and --delete (--install-remote brings a cpxfer)",
                  cp::escape::terminal(why)));
}

void Screen::would_land(std::string_view from, std::string_view to) {
  context_.output().line(
      fmt::format("{} -> {}", cp::escape::terminal(from), cp::escape::terminal(to)));
}

void Screen::would_delete(std::string_view path) {
  context_.output().line(fmt::format("delete {}", cp::escape::terminal(path)));
}

}  // namespace cpxfer
