// SPDX-License-Identifier: Apache-2.0
#include "net/http_message.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace cp::net {
namespace {

constexpr std::size_t kMaxParts = 16;

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

const std::string* value_of(const HttpFields& fields, std::string_view name, bool any_case) {
  const auto found = std::ranges::find_if(fields, [&](const auto& field) {
    return any_case ? text::equal_ignoring_case(field.first, name) : field.first == name;
  });
  return found == fields.end() ? nullptr : &found->second;
}

Result<void> read_query(HttpRequest& request, std::string_view query) {
  for (const std::string_view part : text::split(query, '&')) {
    if (part.empty()) {
      continue;
    }
    const auto cut = text::cut(part, '=');
    auto name = decoded(cut ? cut->before : part, true);
    auto value = decoded(cut ? cut->after : "", true);
    if (!name || !value || request.query.size() == kMaxParts) {
      return fail(Errc::bad_data, "the query is malformed, or has too many parameters");
    }
    request.query.emplace_back(*std::move(name), *std::move(value));
  }
  return {};
}

}  // namespace

const std::string* HttpRequest::header(std::string_view name) const {
  return value_of(headers, name, true);
}
const std::string* HttpRequest::parameter(std::string_view name) const {
  return value_of(query, name, false);
}

Result<void> read_target(HttpRequest& request, std::string_view target) {
  request.path.clear();
  request.query.clear();
  const auto cut = text::cut(target, '?');
  const std::string_view path = cut ? cut->before : target;
  if (!path.starts_with('/')) {
    return fail(Errc::bad_data, "the request names no path");
  }
  for (const std::string_view part : text::split(path.substr(1), '/')) {
    auto segment = decoded(part, false);
    if (!segment || request.path.size() == kMaxParts) {
      return fail(Errc::bad_data, "the path is malformed, or has too many segments");
    }
    request.path.push_back(*std::move(segment));
  }
  return cut ? read_query(request, cut->after) : Result<void>{};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || kPlain.find(c) != std::string_view::npos;
    if (is_plain) {
      out.push_back(c);
    } else {
      out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
  }
  return out;
}

}  // namespace cp::net
