// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::text {

/// TEXT without leading and trailing blanks (space, tab, CR, LF).
std::string_view trim(std::string_view text);

/// The parts of TEXT between SEPARATORs; an empty TEXT is one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// TEXT cut at the first SEPARATOR; nullopt when there is none.
struct Cut {
  std::string_view before;
  std::string_view after;
};
std::optional<Cut> cut(std::string_view text, char separator);
std::optional<Cut> cut_last(std::string_view text, char separator);

/// TEXT with each occurrence of FROM (not empty) as TO.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

std::string join(std::span<const std::string> parts, std::string_view separator);

/// TEXT with A-Z as a-z; other bytes, also of UTF-8, stay.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The whole of TEXT as a decimal integer; nullopt for anything else, overflow too.
std::optional<std::int64_t> to_int(std::string_view text);
std::optional<std::uint64_t> to_uint(std::string_view text);

/// The whole of TEXT as a finite binary64 in decimal or exponent form, whatever the locale.
std::optional<double> to_double(std::string_view text);

/// The number of inserted, deleted, changed or swapped neighbouring characters between A and B.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that a person who typed WORD most likely meant; nullopt when none is near
/// (more than a third of the word would have to change).
std::optional<std::string> near_match(std::string_view word,
                                      std::span<const std::string_view> candidates);

/// Whether TEXT matches PATTERN, in which '*' stands for any run of characters; case is ignored.
bool like(std::string_view text, std::string_view pattern);

/// RFC 4648 base64 (standard alphabet, padded) and base64url (no padding). Decoding is strict:
/// nullopt for other characters, wrong length or non-zero spare bits.
/// How many of TEXT's first bytes stand in a JSON string as they are, whatever the encoding: ASCII
/// without control characters, quotes and backslashes.
std::size_t plain_prefix(std::string_view text);

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);

}  // namespace cp::text
