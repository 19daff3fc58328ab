// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Reading and writing JSON as DESIGN §4 and I-JSON (RFC 7493) have it. To build or walk a value,
/// include <nlohmann/json.hpp> in the source file; headers get by with this one.
namespace cp::model {

/// Where a text begins in the input that it was taken from, for messages.
struct Origin {
  std::string name = "input";  ///< "demand.json", "standard input"
  std::size_t line = 1;
  std::size_t column = 1;
};

/// The one JSON value in TEXT. bad_data with line and column for malformed text, a name that occurs
/// twice in an object, nesting past limits::json_depth, a string past limits::string_bytes, a
/// string that is not UTF-8, and an integer that is not exactly its own binary64 value. A number
/// whose value is whole becomes an integer, however it is written.
Result<Json> parse_json(std::string_view text, const Origin& origin = {});

/// VALUE on one line. A string in it that is not UTF-8 is our bug: foreign text goes in by
/// `text_value`.
std::string to_line(const Json& value);

/// TEXT as a JSON string, or {"base64":"…"} when it is not UTF-8.
Json text_value(std::string_view text);
/// The bytes that `text_value` stands for; nullopt for anything else.
std::optional<std::string> text_of(const Json& value);

/// The member at a dotted PATH ("price.hour.amount"); a number picks an element of an array
/// ("node.accelerators.0.model"). Null when it, or anything on the way, is absent, null or of
/// another type. The pointer lives as long as DOCUMENT.
const Json* find(const Json& document, std::string_view path);

/// As `find`, and nullopt when the value there is of another type.
std::optional<std::string> text_at(const Json& document, std::string_view path);
/// The bytes that the value at PATH stands for (`text_value`); empty when it is none.
std::string bytes_at(const Json& document, std::string_view path);
std::optional<double> number_at(const Json& document, std::string_view path);
std::optional<std::int64_t> int_at(const Json& document, std::string_view path);
std::optional<bool> bool_at(const Json& document, std::string_view path);
std::optional<UnixTime> time_at(const Json& document, std::string_view path);
std::optional<Money> money_at(const Json& document, std::string_view path);

/// {"amount":"14.50","currency":"CNY"}
Json to_json(const Money& money);

}  // namespace cp::model
