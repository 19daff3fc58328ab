// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include "base/escape.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

#include <unistd.h>

namespace cpxfer {
namespace {

using cp::Result;
using cp::transfer::Filter;

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostNameBytes = 1 << 30;

Result<void> add(Filter& filter, char sign, std::string_view pattern) {
  if (pattern.empty()) {
    return cp::fail(cp::Errc::usage, "an empty pattern means nothing");
  }
  return filter.add(std::string{sign, ' '} + std::string(pattern));
}

// A pattern a line; "+ " before one includes; empty lines and comments (# ;) are passed over.
Result<void> add_file(Filter& filter, const std::string& path) {
  CP_TRY_ASSIGN(const std::string text, cp::read_file(path, kMostBytes));
  for (std::string_view line : cp::text::split(text, '\n')) {
    line = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    const bool is_rule = line.starts_with("+ ") || line.starts_with("- ");
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) {
      continue;
    }
    CP_TRY(is_rule ? filter.add(line) : add(filter, '-', line));
  }
  return {};
}

// The names in FILE, one a line, or each ended by a NUL.
Result<std::vector<std::string>> names_in(const std::string& file, bool is_nul_ended) {
  CP_TRY_ASSIGN(const std::string text, file == "-" ? cp::read_to_end(STDIN_FILENO, kMostNameBytes)
                                                    : cp::read_file(file, kMostNameBytes));
  std::vector<std::string> names;
  for (std::string_view name : cp::text::split(text, is_nul_ended ? '\0' : '\n')) {
    name = !is_nul_ended && name.ends_with('\r') ? name.substr(0, name.size() - 1) : name;
    if (!name.empty()) {
      names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

Result<cp::transfer::Selection> selection_of(const cp::cli::Arguments& arguments,
                                             const cp::Clock& clock) {
  cp::transfer::Selection selection{.one_file_system = arguments.has("one-file-system")};
  if (const auto file = arguments.text("files-from")) {
    CP_TRY_ASSIGN(selection.names, names_in(*file, arguments.has("from0")));
  }
  for (const auto& [flag, value] : arguments.in_order({"include", "exclude", "exclude-from"})) {
    CP_TRY(flag == "exclude-from" ? add_file(selection.filter, value)
                                  : add(selection.filter, flag == "include" ? '+' : '-', value));
  }
  if (const auto age = arguments.duration("max-age")) {
    const auto since = (clock.now() - *age).time_since_epoch();
    selection.newer_than_s = std::chrono::floor<std::chrono::seconds>(since).count();
  }
  return selection;
}

}  // namespace cpxfer
