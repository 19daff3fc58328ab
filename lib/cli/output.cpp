// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include "base/escape.hpp"
#include "base/file.hpp"
#include "cli/table.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace cp::cli {
namespace {

constexpr std::size_t kBufferBytes = 64U << 10U;

}  // namespace

struct Output::State {
  State(Settings given, const Terminal& terminal)
      : settings(std::move(given)), table(settings.columns, terminal) {}

  void put(std::string_view text) {
    buffer += text;
    if (buffer.size() >= kBufferBytes) {
      send();
    }
  }

  // The first failure is kept for `finish`; after it nothing more is written.
  void send() {
    if (failure) {
      return;
    }
    if (!settings.file.empty() && !file) {
      auto created = AtomicFile::create_output(settings.file, 0666);
      if (!created) {
        failure = created.error();
        return;
      }
      file.emplace(std::move(*created));
    }
    if (const auto written = write_all(file ? file->fd() : 1, buffer); !written) {
      failure = Error{written.error().code,
                      fmt::format("cannot write {}: {}",
                                  settings.file.empty() ? "standard output" : settings.file,
                                  written.error().message),
                      {}};
    }
    buffer.clear();
  }

  Settings settings;
  Table table;
  std::string buffer;
  std::string first_schema;
  std::optional<AtomicFile> file;
  std::optional<Error> failure;
};

Output::Output(Settings settings, const Terminal& terminal)
    : state_(std::make_unique<State>(std::move(settings), terminal)) {}

Output::~Output() = default;

Output::Form Output::form() const { return state_->settings.form; }

void Output::record(const model::Json& document) {
  switch (state_->settings.form) {
    case Form::ndjson:
      state_->put(escape::json(model::to_line(document)) + "\n");
      return;
    case Form::plain:
      if (const std::string value = show_cell(document, state_->settings.plain_path, Show::text);
          !value.empty()) {
        state_->put(value + "\n");
      }
      return;
    case Form::table: {
      const std::string schema = model::text_at(document, "schema").value_or("");
      if (state_->first_schema.empty()) {
        state_->first_schema = schema;
      }
      if (schema == state_->first_schema) {
        state_->put(state_->table.add(document));
      }
      return;
    }
  }
}

void Output::raw_line(std::string_view line) {
  state_->put(line);
  state_->put("\n");
}

void Output::line(std::string_view text) {
  if (state_->settings.form == Form::table) {
    state_->put(state_->table.flush());
    state_->put(text);
    state_->put("\n");
  }
}

Result<void> Output::flush() {
  state_->put(state_->table.flush());
  if (!state_->buffer.empty()) {
    state_->send();
  }
  if (state_->failure) {
    return tl::unexpected<Error>(*state_->failure);
  }
  return {};
}

Result<void> Output::finish() {
  state_->put(state_->table.flush());
  state_->put(state_->table.note());
  if (!state_->buffer.empty() || !state_->settings.file.empty()) {
    state_->send();
  }
  if (!state_->failure && state_->file) {
    CP_TRY(state_->file->commit());
  }
  if (state_->failure) {
    return tl::unexpected<Error>(*state_->failure);
  }
  return {};
}

}  // namespace cp::cli
