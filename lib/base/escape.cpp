// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace cp::escape {
namespace {

// Characters that move the cursor, end the line or reorder what stands around them.
bool is_dangerous(std::uint32_t code) {
  return code < 0x20U || (code >= 0x7FU && code <= 0x9FU) || code == 0x61CU ||
         (code >= 0x200EU && code <= 0x200FU) || (code >= 0x2028U && code <= 0x202EU) ||
         (code >= 0x2066U && code <= 0x2069U) || code == 0xFEFFU;
}

}  // namespace

std::string terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const utf8::CodePoint c = utf8::decode(text);
    if (!c.valid) {
      out += fmt::format("\\x{:02x}", c.code);
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (c.code == '\r') {
      out += "\\r";
    } else if (is_dangerous(c.code)) {
      out +=
          c.code < 0x80U ? fmt::format("\\x{:02x}", c.code) : fmt::format("\\u{{{:04x}}}", c.code);
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return out;
}

std::string json(std::string_view text) {
  // The first bytes of all of them but C0, which JSON has escaped.
  constexpr std::string_view suspects = "\x7F\xC2\xD8\xE2\xEF";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto* const suspect = std::ranges::find_if(text, [&](char c) {
      return static_cast<unsigned char>(c) >= 0x7F && suspects.find(c) != suspects.npos;
    });
    const auto plain = static_cast<std::size_t>(suspect - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) {
      const utf8::CodePoint c = utf8::decode(text);
      out += c.valid && is_dangerous(c.code) ? fmt::format("\\u{:04x}", c.code)
                                             : std::string(text.substr(0, c.length));
      text.remove_prefix(c.length);
    }
  }
  return out;
}

std::string csv(std::string_view text) {
  std::string field;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    field = "'";
  }
  field += text;
  if (field.find_first_of(",\"\r\n") == std::string::npos) {
    return field;
  }
  std::string out = "\"";
  for (const char c : field) {
    out += c;
    if (c == '"') {
      out += '"';
    }
  }
  return out + '"';
}

std::string xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const utf8::CodePoint c = utf8::decode(text);
    const bool control = c.code < 0x20U && c.code != '\t' && c.code != '\n' && c.code != '\r';
    if (!c.valid || control || c.code == 0xFFFEU || c.code == 0xFFFFU) {
      out += "\xEF\xBF\xBD";
    } else if (c.code == '&') {
      out += "&amp;";
    } else if (c.code == '<') {
      out += "&lt;";
    } else if (c.code == '>') {
      out += "&gt;";
    } else if (c.code == '"') {
      out += "&quot;";
    } else if (c.code == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return out;
}

std::string openmetrics(std::string_view text) {
  std::string out;
  for (const std::string_view line : text::split(text, '\n')) {
    // A reader undoes \n, \" and \\ only; what else would steer a terminal is shown as `terminal`
    // does.
    out += line.data() == text.data() ? "" : "\\n";
    for (const char c : terminal(line)) {
      if (c == '\\' || c == '"') {
        out += '\\';
      }
      out += c;
    }
  }
  return out;
}

std::string shell(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

}  // namespace cp::escape
