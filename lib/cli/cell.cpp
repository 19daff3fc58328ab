// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "cli/output.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace cp::cli {
namespace {

using model::Json;

std::string show_number(double value) {
  return value == std::floor(value) && std::fabs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                               : fmt::format("{:.4g}", value);
}

// A bar of eight cells in eighths, and the number: a score is looked at, not read.
std::string show_bar(double value) {
  constexpr std::array<std::string_view, 9> eighths{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  constexpr int cells = 8;
  const int filled = static_cast<int>(std::lround(std::clamp(value, 0.0, 10.0) / 10 * cells * 8));
  std::string bar;
  for (int i = 0; i < cells; ++i) {
    bar += eighths[static_cast<std::size_t>(std::clamp(filled - i * 8, 0, 8))];
  }
  return fmt::format("{} {:4.1f}", bar, value);
}

std::string show_local_time(std::string_view rfc3339) {
  const auto time = parse_time(rfc3339);
  if (!time) {
    return escape::terminal(rfc3339);
  }
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> buffer{};
  const std::size_t length =
      std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &local);
  return {buffer.data(), length};
}

std::string show_plain(const Json& value) {
  if (value.is_string()) {
    return escape::terminal(value.get<std::string>());
  }
  if (value.is_number()) {
    return value.is_number_integer() ? model::to_line(value) : show_number(value.get<double>());
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "yes" : "no";
  }
  if (const auto bytes = model::text_of(value)) {
    return escape::terminal(*bytes);
  }
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const Json& element : value) {
      parts.push_back(show_plain(element));
    }
    return text::join(parts, ",");
  }
  return escape::terminal(model::to_line(value));
}

std::string show_value(const Json& value, Show show) {
  const double number = value.is_number() ? value.get<double>() : 0;
  switch (show) {
    case Show::bytes:
      return value.is_number() ? units::show_bytes(number) : show_plain(value);
    case Show::rate:
      return value.is_number() ? units::show_rate_bps(number) : show_plain(value);
    case Show::seconds:
    case Show::nanoseconds: {
      const double ns = number * (show == Show::seconds ? 1e9 : 1);
      return value.is_number() && std::fabs(ns) < 9e18
                 ? units::show_duration(std::chrono::nanoseconds(std::llround(ns)))
                 : show_plain(value);
    }
    case Show::money: {
      const auto money = model::money_at(Json{{"m", value}}, "m");
      return money ? money->to_string() : show_plain(value);
    }
    case Show::time:
      return value.is_string() ? show_local_time(value.get<std::string>()) : show_plain(value);
    case Show::bar:
      return value.is_number() ? show_bar(number) : show_plain(value);
    case Show::text:
    case Show::id:
    case Show::count:
    case Show::verdict:
      break;
  }
  return show_plain(value);
}

}  // namespace

std::string show_cell(const Json& document, std::string_view path, Show show) {
  for (const std::string_view alternative : text::split(path, '|')) {
    if (const Json* value = model::find(document, alternative)) {
      return show_value(*value, show);
    }
  }
  return "";
}

}  // namespace cp::cli
