// SPDX-License-Identifier: Apache-2.0
#include "market/json_lines.hpp"

#include "base/text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::market {

std::optional<JsonLine> read_json(const Line& line, const std::string& name, Lint& lint) {
  if (line.is_too_long) {
    lint.found(line.number, Fault::long_line);
  } else if (!is_text(line.text)) {
    lint.found(line.number, Fault::not_utf8);
  } else if (!text::trim(line.text).empty()) {
    auto json = model::parse_json(line.text, {name, static_cast<std::size_t>(line.number), 1});
    if (json) {
      return JsonLine{line.number, *std::move(json)};
    }
    lint.found(line.number, Fault::malformed_json, json.error().message);
  }
  return std::nullopt;
}

Result<std::optional<JsonLine>> next_json(LineReader& lines, const std::string& name, Lint& lint) {
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines.next());
    if (!line) {
      return std::nullopt;
    }
    if (auto json = read_json(*line, name, lint)) {
      return json;
    }
  }
}

}  // namespace cp::market
