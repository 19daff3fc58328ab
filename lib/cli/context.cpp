// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"

#include "base/escape.hpp"
#include "base/fd.hpp"
#include "model/document.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace cp::cli {
namespace {

// A word of 100 kB that somebody typed or sent is not shown whole to a person.
std::string shortened(std::string_view message) {
  constexpr std::size_t most = 4000;
  constexpr std::size_t head = 3000;
  constexpr std::size_t tail = 900;
  if (message.size() <= most) {
    return std::string(message);
  }
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(message[i]) & 0xC0U) == 0x80U;
  };
  std::size_t end = head;
  std::size_t begin = message.size() - tail;
  while (end > head - 4 && continues(end)) {
    --end;
  }
  while (begin < message.size() && continues(begin)) {
    ++begin;
  }
  return fmt::format("{}\u2026{}", message.substr(0, end), message.substr(begin));
}

}  // namespace

Context::Context(const Tool& tool, const Command& command, Resolved resolved,
                 const Terminal& terminal)
    : tool_(tool), command_(command), resolved_(std::move(resolved)), terminal_(terminal) {}

Context::~Context() = default;

std::string Context::setting(std::string_view key) const {
  const auto entry = resolved_.settings.find(key);
  if (entry == resolved_.settings.end()) {
    std::abort();
  }
  return entry->second.texts.empty() ? "" : entry->second.texts.back();
}

Output& Context::output(std::span<const Column> columns) {
  if (!output_) {
    const Arguments& given = arguments();
    Output::Settings settings;
    const bool to_terminal = terminal_.output_is_terminal && !given.has("output");
    settings.form = given.has("plain")  ? Output::Form::plain
                    : given.has("json") ? Output::Form::ndjson
                    : given.has("table") || (to_terminal && !columns.empty())
                        ? Output::Form::table
                        : Output::Form::ndjson;
    settings.file = given.text("output").value_or("");
    settings.columns.assign(columns.begin(), columns.end());
    settings.plain_path = columns.empty() ? "id" : columns.front().path;
    output_ = std::make_unique<Output>(std::move(settings), terminal_);
  }
  return *output_;
}

Result<void> Context::finish_output() { return output_ ? output_->finish() : Result<void>{}; }

Result<Paths> Context::paths() const { return paths_from_environment(); }

std::stop_token Context::stop_on_signals(bool with_hangup) {
  if (!signals_) {
    signals_ = std::make_unique<SignalStop>(with_hangup);
  }
  return signals_->token();
}

std::stop_token Context::stop_on_signals(std::function<void()> on_hangup) {
  if (!signals_) {
    signals_ = std::make_unique<SignalStop>(std::move(on_hangup));
  }
  return signals_->token();
}

int Context::stop_signal() const { return signals_ ? signals_->signal() : 0; }

model::JsonReader Context::open_documents(std::span<const std::string> files) const {
  std::vector<std::string> names(files.begin(), files.end());
  if (names.empty()) {
    if (terminal_.input_is_terminal) {
      note("reading from the terminal; end with Ctrl-D");
    }
    names.emplace_back("-");
  }
  return model::JsonReader(std::move(names));
}

void Context::warn(const Error& error) const {
  warn(error.message);
  if (!error.hint.empty()) {
    (void)write_all(2, fmt::format("  {}\n", styled(escape::terminal(error.hint), Style::dim,
                                                    terminal_.error_colour)));
  }
}

void Context::warn(std::string_view message) const {
  const std::string name = styled(tool_.name, Style::bold, terminal_.error_colour);
  (void)write_all(2, fmt::format("{}: {}\n", name, escape::terminal(shortened(message))));
}

void Context::note(std::string_view message) const {
  if (!terminal_.quiet) {
    warn(message);
  }
}

void Context::detail(std::string_view message) const {
  if (terminal_.verbose) {
    warn(message);
  }
}

void Context::item_failed(const Error& error, std::string_view item) {
  warn(error);
  if (output_ && output_->form() == Output::Form::ndjson) {
    output_->record(model::error_document(tool_.name, error, item));
  }
  failed_ = failed_ ? graver(*failed_, error.code) : error.code;
}

int Context::failed_status() const { return failed_ ? exit_status(*failed_) : 0; }

}  // namespace cp::cli
