// SPDX-License-Identifier: Apache-2.0
#include "identity/child_limits.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "identity/identifier.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace cp::identity {
namespace {

struct RateUnit {
  std::string_view name;
  std::chrono::seconds length;
};
constexpr std::array<RateUnit, 4> kRateUnits{{{"s", std::chrono::seconds(1)},
                                              {"min", std::chrono::minutes(1)},
                                              {"h", std::chrono::hours(1)},
                                              {"d", std::chrono::hours(24)}}};

// The words of a text: those between quotation marks of an array, else those between blanks.
std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  const bool is_array = text.starts_with('[');
  std::string plain(text);
  if (is_array) {
    std::ranges::replace_if(
        plain, [](char c) { return c == '[' || c == ']' || c == '"' || c == ' '; }, '\n');
  }
  std::ranges::replace(plain, ' ', '\n');
  for (const std::string_view word : text::split(plain, '\n')) {
    if (!word.empty() && word != ",") {
      words.emplace_back(word);
    }
  }
  return words;
}

Result<void> set_limit(ChildLimits& limits, std::string_view name, std::string_view value) {
  if (name == "rate") {
    CP_TRY_ASSIGN(limits.rate, parse_rate(value));
    return {};
  }
  if (name == "bytes") {
    CP_TRY_ASSIGN(const std::uint64_t bytes, units::parse_bytes(value));
    limits.bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, INT64_MAX));
    return {};
  }
  if (name != "records" && name != "registries") {
    return fail(Errc::usage, "'{}' is none of records, bytes, rate, registries", name);
  }
  const auto count = text::to_int(value);
  if (!count || *count < 0) {
    return fail(Errc::usage, "'{}' is no number of {}", value, name);
  }
  (name == "records" ? limits.records : limits.registries) = *count;
  return {};
}

}  // namespace

Result<Rate> parse_rate(std::string_view text) {
  const auto parts = text::cut(text, '/');
  const auto unit = std::ranges::find(kRateUnits, parts ? parts->after : "", &RateUnit::name);
  const auto count = parts ? text::to_int(parts->before) : std::nullopt;
  if (unit == kRateUnits.end() || !count || *count < 1) {
    return with_hint(fail(Errc::usage, "'{}' is no rate", text), "600/min; per s, min, h or d");
  }
  return Rate{*count, unit->length};
}

std::string show_rate(const Rate& rate) {
  const auto unit = std::ranges::find(kRateUnits, rate.per, &RateUnit::length);
  return unit == kRateUnits.end() ? fmt::format("{} in {} s", rate.count, rate.per.count())
                                  : fmt::format("{}/{}", rate.count, unit->name);
}

bool Usage::use(const Rate& rate, double amount, UnixTime now) {
  const double passed = std::chrono::duration<double>(now - at).count();
  const double gone =
      passed > 0 ? passed * static_cast<double>(rate.count) / static_cast<double>(rate.per.count())
                 : 0;
  used = std::max(0.0, used - gone);
  at = now;  // a clock that went back gives nothing back
  const bool fits = used + amount <= static_cast<double>(rate.count);
  used += fits ? amount : 0;
  return fits;
}

std::chrono::seconds Usage::wait(const Rate& rate, double amount) const {
  const double over = used + amount - static_cast<double>(rate.count);
  const double seconds =
      std::ceil(over * static_cast<double>(rate.per.count()) / static_cast<double>(rate.count));
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(seconds, 1.0, 1e9)));
}

Result<ChildLimitTable> ChildLimitTable::parse(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& text : words) {
    const auto some = words_in(text);
    all.insert(all.end(), some.begin(), some.end());
  }
  // Those of all first, then from the shortest prefix on, so that each finds what it starts from.
  std::ranges::stable_sort(all, {}, [](const std::string& word) {
    const auto cut = text::cut(word, ':');
    return cut ? cut->before.size() : 0;
  });
  ChildLimitTable table;
  for (const std::string& word : all) {
    CP_TRY(table.add(word));
  }
  return table;
}

Result<void> ChildLimitTable::add(std::string_view word) {
  const auto cut = text::cut(word, ':');
  if (cut && !is_prefix(cut->before)) {
    return fail(Errc::usage, "'{}' in a limit is no prefix", cut->before);
  }
  ChildLimits limits = cut ? of(cut->before) : common_;
  for (const std::string_view part : text::split(cut ? cut->after : word, ',')) {
    const auto pair = text::cut(part, '=');
    if (!pair) {
      return with_hint(fail(Errc::usage, "'{}' in a limit is no NAME=VALUE", part),
                       "such as 86.3101:records=100000,bytes=1GB,rate=5000/h");
    }
    CP_TRY(set_limit(limits, pair->before, pair->after));
  }
  if (cut) {
    special_.emplace(special_.begin(), cut->before, limits);
  } else {
    common_ = limits;
  }
  return {};
}

const ChildLimits& ChildLimitTable::of(std::string_view prefix) const {
  const auto found =
      std::ranges::find_if(special_, [&](const auto& one) { return is_within(prefix, one.first); });
  return found == special_.end() ? common_ : found->second;
}

}  // namespace cp::identity
