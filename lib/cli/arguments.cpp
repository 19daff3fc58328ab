// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace cp::cli {

Arguments::Arguments(std::map<std::string, Value, std::less<>> flags,
                     std::vector<std::string> operands, std::vector<std::string> job,
                     std::string currency, std::vector<std::string> order)
    : flags_(std::move(flags)),
      order_(std::move(order)),
      operands_(std::move(operands)),
      job_(std::move(job)),
      currency_(std::move(currency)) {}

// Every flag of the command is in the map, with no texts when nobody set it.
const Arguments::Value* Arguments::find(std::string_view flag) const {
  const auto entry = flags_.find(flag);
  if (entry == flags_.end()) {
    std::abort();
  }
  return entry->second.texts.empty() ? nullptr : &entry->second;
}

std::vector<std::pair<std::string_view, std::string>> Arguments::in_order(
    std::initializer_list<std::string_view> flags) const {
  std::vector<std::pair<std::string_view, std::string>> values;
  std::map<std::string_view, std::size_t> taken;
  for (const std::string& name : order_) {
    if (const auto* flag = std::ranges::find(flags, name); flag != flags.end()) {
      values.emplace_back(*flag, find(*flag)->texts.at(taken[*flag]++));
    }
  }
  return values;
}

bool Arguments::has(std::string_view flag) const { return find(flag) != nullptr; }

bool Arguments::is_given(std::string_view flag) const {
  const Value* value = find(flag);
  return value != nullptr && value->origin == "command line";
}

bool Arguments::is_switched_off(std::string_view flag) const {
  const auto entry = flags_.find(flag);
  return find(flag) == nullptr && entry->second.origin == "command line";
}

tl::unexpected<Error> Arguments::blame(std::string_view flag, Error error) const {
  const Value* value = find(flag);
  if (value == nullptr || value->origin == "command line" || value->origin == "default") {
    return tl::unexpected<Error>(std::move(error));
  }
  return with_hint(fail(Errc::bad_config, "{}: {}", value->origin, error.message), error.hint);
}

std::optional<std::string> Arguments::text(std::string_view flag) const {
  const Value* value = find(flag);
  return value == nullptr ? std::nullopt : std::optional(value->texts.back());
}

std::vector<std::string> Arguments::texts(std::string_view flag) const {
  const Value* value = find(flag);
  return value == nullptr ? std::vector<std::string>{} : value->texts;
}

std::optional<std::int64_t> Arguments::integer(std::string_view flag) const {
  const auto given = text(flag);
  return given ? text::to_int(*given) : std::nullopt;
}

std::optional<double> Arguments::number(std::string_view flag) const {
  const auto given = text(flag);
  return given ? std::optional(units::parse_number(*given).value()) : std::nullopt;
}

std::optional<std::uint64_t> Arguments::bytes(std::string_view flag) const {
  const auto given = text(flag);
  return given ? std::optional(units::parse_bytes(*given).value()) : std::nullopt;
}

std::optional<double> Arguments::rate_bps(std::string_view flag) const {
  const auto given = text(flag);
  return given ? std::optional(units::parse_rate_bps(*given).value()) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> Arguments::duration(std::string_view flag) const {
  const auto given = text(flag);
  return given ? std::optional(units::parse_duration(*given).value()) : std::nullopt;
}

std::optional<Arguments::Price> Arguments::price(std::string_view flag) const {
  const auto given = text(flag);
  if (!given) {
    return std::nullopt;
  }
  const auto parts = text::cut(*given, '/');
  return Price{Money::parse(parts ? parts->before : *given, currency_).value(),
               std::string(parts ? parts->after : std::string_view{})};
}

}  // namespace cp::cli
