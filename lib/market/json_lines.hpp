// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/line_reader.hpp"
#include "market/lint.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cp::market {

/// A line that held one JSON value.
struct JsonLine {
  std::int64_t number = 0;
  model::Json json;
};

/// The JSON value of LINE, which NAME calls by its file's name; nullopt for an empty line, and for
/// one that holds none, which is told to LINT.
std::optional<JsonLine> read_json(const Line& line, const std::string& name, Lint& lint);

/// The next JSON value of LINES, which NAME calls by its file's name; nullopt after the last. Lines
/// that hold none are told to LINT and passed over, empty ones silently.
Result<std::optional<JsonLine>> next_json(LineReader& lines, const std::string& name, Lint& lint);

}  // namespace cp::market
