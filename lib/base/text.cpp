// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace cp::text {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out((bytes.size() / 3) * 4, '\0');
  for (char* to = out.data(); bytes.size() >= 3; to += 4) {
    const auto byte = [&](std::size_t i) {
      return std::uint32_t{static_cast<unsigned char>(bytes[i])};
    };
    const std::uint32_t three = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    to[0] = alphabet[three >> 18U];
    to[1] = alphabet[(three >> 12U) & 63U];
    to[2] = alphabet[(three >> 6U) & 63U];
    to[3] = alphabet[three & 63U];
    bytes.remove_prefix(3);
  }
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += alphabet[(bits >> static_cast<unsigned>(held)) & 63U];
    }
  }
  if (held > 0) {
    out += alphabet[(bits << static_cast<unsigned>(6 - held)) & 63U];
  }
  while (padded && out.size() % 4 != 0) {
    out += '=';
  }
  return out;
}

// The place of each character in ALPHABET; -1 for those that are not in it.
constexpr std::array<std::int8_t, 256> places_in(std::string_view alphabet) {
  std::array<std::int8_t, 256> places{};
  places.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    places[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return places;
}

std::optional<std::string> decode(std::string_view text, const std::array<std::int8_t, 256>& places,
                                  bool padded) {
  if (padded) {
    if (text.size() % 4 != 0) {
      return std::nullopt;
    }
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) {
      text.remove_suffix(1);
    }
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  const auto place_of = [&](char c) { return std::int32_t{places[static_cast<unsigned char>(c)]}; };
  std::string out(text.size() / 4 * 3, '\0');
  for (char* to = out.data(); text.size() >= 4; to += 3) {
    const std::int32_t four = place_of(text[0]) << 18 | place_of(text[1]) << 12 |
                              place_of(text[2]) << 6 | place_of(text[3]);
    if (four < 0) {
      return std::nullopt;
    }
    to[0] = static_cast<char>(four >> 16);
    to[1] = static_cast<char>((four >> 8) & 255);
    to[2] = static_cast<char>(four & 255);
    text.remove_prefix(4);
  }
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::int32_t value = place_of(c);
    if (value < 0) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 255U);
    }
  }
  if ((bits & ((1U << static_cast<unsigned>(held)) - 1U)) != 0) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

std::optional<Cut> cut(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  return Cut{text.substr(0, at), text.substr(at + 1)};
}

std::optional<Cut> cut_last(std::string_view text, char separator) {
  const auto at = text.rfind(separator);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  return Cut{text.substr(0, at), text.substr(at + 1)};
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != parts.data()) {
      out += separator;
    }
    out += part;
  }
  return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return upper(c); });
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::int64_t> to_int(std::string_view text) {
  return whole_number<std::int64_t>(text);
}

std::optional<std::uint64_t> to_uint(std::string_view text) {
  return whole_number<std::uint64_t>(text);
}

std::optional<double> to_double(std::string_view text) {
  const auto value = whole_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Restricted Damerau-Levenshtein over three rows.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> near_match(std::string_view word,
                                      std::span<const std::string_view> candidates) {
  constexpr std::size_t longest = 128;  // the distance costs length squared
  if (word.empty() || word.size() > longest) {
    return std::nullopt;
  }
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > longest) {
      continue;
    }
    const std::size_t distance = edit_distance(lower(word), lower(candidate));
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

// A byte's high bit is set in the result where it is no plain one, and may be behind the first
// such.
static std::uint64_t marks_in(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x80 * kOnes;
  // Of ASCII bytes, x - n borrows into the high bit where x < n.
  const std::uint64_t quotes = (eight ^ ('"' * kOnes)) - kOnes;
  const std::uint64_t backslashes = (eight ^ ('\\' * kOnes)) - kOnes;
  return (eight | (eight - 0x20 * kOnes) | quotes | backslashes) & kHighs;
}

std::size_t plain_prefix(std::string_view text) {
  constexpr std::size_t kBlock = sizeof(std::uint64_t);
  std::size_t length = 0;
  while (length < text.size()) {
    const std::size_t count = std::min(kBlock, text.size() - length);
    std::uint64_t eight = 0x2020202020202020U;
    std::memcpy(&eight, text.data() + length, count);
    const std::uint64_t marks = marks_in(eight);
    if (marks == 0) {
      length += count;
    } else if constexpr (std::endian::native == std::endian::little) {
      return length + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    } else {
      const auto is_plain = [](char c) {
        const auto code = static_cast<unsigned char>(c);
        return code >= 0x20U && code < 0x80U && c != '"' && c != '\\';
      };
      while (is_plain(text[length])) {
        ++length;
      }
      return length;
    }
  }
  return length;
}

std::string to_base64(std::string_view bytes) { return encode(bytes, kStandard, true); }
std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto kPlaces = places_in(kStandard);
  return decode(text, kPlaces, true);
}
std::string to_base64url(std::string_view bytes) { return encode(bytes, kUrl, false); }
std::optional<std::string> from_base64url(std::string_view text) {
  static constexpr auto kPlaces = places_in(kUrl);
  return decode(text, kPlaces, false);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace cp::text
