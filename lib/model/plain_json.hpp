// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cp::model {

/// The value of TEXT where that is as programs write it: what `parse_json` gives, several times as
/// fast. nullopt where TEXT is not JSON as `parse_json` takes it, and for rare things that are
/// (an escape by number, an integer past 2^53, a number near 0 or infinity): ask `parse_json`.
std::optional<Json> parse_plain(std::string_view text);

/// As `parse_plain`, for the value that TEXT begins with, and how many bytes that has.
struct PlainPrefix {
  Json value;
  std::size_t length = 0;
};
std::optional<PlainPrefix> parse_plain_prefix(std::string_view text);

/// `parse_json` without the help of `parse_plain`.
Result<Json> parse_thoroughly(std::string_view text, const Origin& origin);

/// Appends VALUE on one line to OUT, as Json::dump does.
void append_line(std::string& out, const Json& value);

}  // namespace cp::model
