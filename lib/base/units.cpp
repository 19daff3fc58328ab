// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace cp::units {
namespace {

// A number and what follows it: "80GB" is 80 and "GB".
struct Literal {
  double number;
  std::string_view digits;
  std::string_view unit;
};

std::optional<Literal> split_literal(std::string_view text) {
  text = text::trim(text);
  std::size_t end = 0;
  while (end < text.size() &&
         (std::string_view("0123456789.").find(text[end]) != std::string_view::npos)) {
    ++end;
  }
  // An exponent counts only with digits behind it: "1e9" but not the E of "1EB".
  if (end > 0 && end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t digits = end + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) {
      ++digits;
    }
    std::size_t last = digits;
    while (last < text.size() && text[last] >= '0' && text[last] <= '9') {
      ++last;
    }
    end = last > digits ? last : end;
  }
  const auto number = text::to_double(text.substr(0, end));
  if (!number) {
    return std::nullopt;
  }
  return Literal{*number, text.substr(0, end), text::trim(text.substr(end))};
}

constexpr std::string_view kPrefixes = "KMGTPE";

// The factor of a unit's prefix; takes it off UNIT. "Ki" is 2^10; a bare letter is BARE.
double take_prefix(std::string_view& unit, double bare_base) {
  if (unit.empty()) {
    return 1;
  }
  const char letter = unit[0] == 'k' ? 'K' : unit[0];
  const auto power = kPrefixes.find(letter);
  if (power == std::string_view::npos) {
    return 1;
  }
  const auto exponent = static_cast<double>(power + 1);
  if (unit.size() > 1 && unit[1] == 'i') {
    unit.remove_prefix(2);
    return std::pow(1024.0, exponent);
  }
  unit.remove_prefix(1);
  return std::pow(unit.empty() ? bare_base : 1000.0, exponent);
}

tl::unexpected<Error> not_a(std::string_view what, std::string_view text,
                            std::string_view example) {
  if (text.starts_with('-')) {
    return with_hint(fail(Errc::usage, "'{}' is less than 0", text),
                     fmt::format("write e.g. {}", example));
  }
  return with_hint(fail(Errc::usage, "'{}' is not a {}", text, what),
                   fmt::format("write e.g. {}", example));
}

struct TimeUnit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array<TimeUnit, 19> kTimeUnits{{{"ns", 1},
                                               {"us", 1e3},
                                               {"ms", 1e6},
                                               {"s", 1e9},
                                               {"sec", 1e9},
                                               {"second", 1e9},
                                               {"seconds", 1e9},
                                               {"m", 60e9},
                                               {"min", 60e9},
                                               {"minute", 60e9},
                                               {"minutes", 60e9},
                                               {"h", 3600e9},
                                               {"hour", 3600e9},
                                               {"hours", 3600e9},
                                               {"d", 86400e9},
                                               {"day", 86400e9},
                                               {"days", 86400e9},
                                               {"w", 604800e9},
                                               {"weeks", 604800e9}}};

// Slurm's forms in seconds: MM:SS and HH:MM:SS, and behind days D-HH, D-HH:MM and D-HH:MM:SS.
std::optional<double> clock_form(std::string_view text) {
  double days = 0;
  const auto dash = text::cut(text, '-');
  if (dash) {
    const auto value = text::to_uint(dash->before);
    if (!value) {
      return std::nullopt;
    }
    days = static_cast<double>(*value);
    text = dash->after;
  }
  const auto parts = text::split(text, ':');
  if (parts.size() > 3 || (!dash && parts.size() < 2)) {
    return std::nullopt;
  }
  double seconds = 0;
  for (const auto part : parts) {
    const auto value = text::to_uint(part);
    if (!value) {
      return std::nullopt;
    }
    seconds = seconds * 60 + static_cast<double>(*value);
  }
  // Behind days the first part is hours, however few parts there are.
  for (std::size_t i = parts.size(); dash && i < 3; ++i) {
    seconds *= 60;
  }
  return days * 86400 + seconds;
}

Result<std::chrono::nanoseconds> from_nanoseconds(double value, std::string_view text) {
  if (value < 0 || value > 9.2e18) {
    return fail(Errc::usage, "'{}' is too long a duration", text);
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(value)));
}

// VALUE with as many places as three digits need.
std::string three_digits(double value) {
  const int places = value >= 100 || value == std::floor(value) ? 0 : value >= 10 ? 1 : 2;
  std::string text = fmt::format("{:.{}f}", value, places);
  if (places > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
      text.pop_back();
    }
  }
  return text;
}

std::string show_decimal(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 7> prefixes{"", "k", "M", "G", "T", "P", "E"};
  std::size_t power = 0;
  while (std::fabs(value) >= 999.5 && power + 1 < prefixes.size()) {
    value /= 1000;
    ++power;
  }
  return fmt::format("{} {}{}", three_digits(value), prefixes[power], unit);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::string_view example = "80GB, 64GiB or 512M";
  const auto literal = split_literal(text);
  if (!literal) {
    return not_a("size", text, example);
  }
  std::string spelled(literal->unit);
  if (spelled.find_first_of("mgtp") == 0) {
    spelled[0] = text::upper(spelled)[0];  // 512m, as Slurm takes it
  }
  std::string_view unit = spelled;
  const double factor = take_prefix(unit, 1024);
  if (!unit.empty() && unit != "B" && unit != "b" && unit != "bytes") {
    return not_a("size", text, example);
  }
  if (const auto exact = text::to_uint(literal->digits); exact && factor == 1) {
    return *exact;
  }
  // 1.1PB is 1.1e15 but for the last bit of 1.1.
  const double bytes = literal->number * factor;
  const double whole = std::nearbyint(bytes);
  if (bytes >= 18446744073709551615.0 || std::fabs(bytes - whole) > bytes * 4e-16) {
    return not_a("whole number of bytes", text, example);
  }
  return static_cast<std::uint64_t>(whole);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  CP_TRY_ASSIGN(const std::uint64_t bytes, parse_bytes(text));
  if (bytes != 0 && split_literal(text)->unit.empty()) {
    const std::string_view number = text::trim(text);
    return with_hint(fail(Errc::usage, "'{}' has no unit", number),
                     fmt::format("write {0}GB, or {0}B for bytes", number));
  }
  return bytes;
}

Result<double> parse_rate_bps(std::string_view text) {
  constexpr std::string_view example = "200Gbps or 25GB/s";
  const auto literal = split_literal(text);
  if (!literal) {
    return not_a("rate", text, example);
  }
  std::string_view unit = literal->unit;
  const double rate = literal->number * take_prefix(unit, 1000);
  if (!std::isfinite(rate * 8)) {
    return not_a("rate", text, example);
  }
  if (unit.empty() || unit == "bps" || unit == "bit/s" || unit == "b/s") {
    return rate;
  }
  if (unit == "Bps" || unit == "B/s") {
    return rate * 8;
  }
  return not_a("rate", text, example);
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr std::string_view example = "90s, 10m, 4h, 1h30m or 1-12:00:00";
  std::string_view rest = text::trim(text);
  if (const auto seconds = clock_form(rest)) {
    return from_nanoseconds(*seconds * 1e9, text);
  }
  if (rest.empty()) {
    return not_a("duration", text, example);
  }
  double total = 0;
  bool first = true;
  while (!rest.empty()) {
    std::size_t end = rest.find_first_not_of("0123456789.");
    const auto number = text::to_double(rest.substr(0, end));
    if (!number) {
      return not_a("duration", text, example);
    }
    rest = end == std::string_view::npos ? std::string_view{} : text::trim(rest.substr(end));
    end = std::min(rest.find_first_of("0123456789. "), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest = text::trim(rest.substr(end));
    const auto* unit = std::ranges::find(kTimeUnits, name, &TimeUnit::name);
    if (unit == kTimeUnits.end() && !(name.empty() && first && rest.empty())) {
      return not_a("duration", text, example);
    }
    first = false;
    total += *number * (unit == kTimeUnits.end() ? 1e9 : unit->nanoseconds);
  }
  return from_nanoseconds(total, text);
}

Result<double> parse_number(std::string_view text) {
  const auto literal = split_literal(text);
  if (!literal) {
    return not_a("number", text, "12, 1.5G or 2e15");
  }
  std::string_view unit = literal->unit;
  const double value = literal->number * take_prefix(unit, 1000);
  if (!unit.empty() || !std::isfinite(value)) {
    return not_a("number", text, "12, 1.5G or 2e15");
  }
  return value;
}

std::string show_bytes(double bytes) { return show_decimal(bytes, "B"); }

std::string show_rate_bps(double bits_per_second) { return show_decimal(bits_per_second, "bit/s"); }

std::string show_duration(std::chrono::nanoseconds duration) {
  if (duration < std::chrono::nanoseconds::zero()) {
    return "-" + show_duration(-std::max(duration, -std::chrono::nanoseconds::max()));
  }
  const auto ns = static_cast<double>(duration.count());
  const auto pair = [](std::int64_t large, const char* a, std::int64_t small, const char* b) {
    return fmt::format("{} {} {:02} {}", large, a, small, b);
  };
  const std::int64_t s = std::llround(ns / 1e9);
  if (s >= 86400) {
    return pair(s / 86400, "d", s % 86400 / 3600, "h");
  }
  if (s >= 3600) {
    return pair(s / 3600, "h", s % 3600 / 60, "m");
  }
  if (s >= 60) {
    return pair(s / 60, "m", s % 60, "s");
  }
  if (ns >= 999.5e6 || ns == 0) {
    return three_digits(ns / 1e9) + " s";
  }
  if (ns >= 999.5e3) {
    return three_digits(ns / 1e6) + " ms";
  }
  if (ns >= 999.5) {
    return three_digits(ns / 1e3) + " us";
  }
  return three_digits(ns) + " ns";
}

}  // namespace cp::units
