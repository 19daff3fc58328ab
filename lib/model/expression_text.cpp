// SPDX-License-Identifier: Apache-2.0
#include "model/expression_text.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cp::model {
namespace {

constexpr std::array<std::string_view, 6> kSigns{"=", "!=", "<", "<=", ">", ">="};

// A word that can be read as nothing else stands without quotes.
std::string word(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::array<std::string_view, 7> keywords{"and",  "or",   "not",  "in",
                                                     "like", "true", "false"};
  const bool is_plain = !text.empty() && text.find_first_not_of(letters) != 0 &&
                        text.back() != '-' && text.find("--") == std::string_view::npos &&
                        std::ranges::all_of(text, [&](char c) {
                          return c == '-' || letters.find(c) != letters.npos;
                        });
  const bool is_keyword = std::ranges::any_of(
      keywords, [&](std::string_view keyword) { return text::equal_ignoring_case(keyword, text); });
  return is_plain && !is_keyword && find_field(text) == nullptr ? std::string(text)
                                                                : model::quoted(text);
}

// Whole numbers with all their digits; others in quotes where they have an exponent or a sign.
std::string number(double value) {
  constexpr double exact = 9007199254740992;
  const bool is_whole = value == std::floor(value) && value >= 0 && value <= exact;
  return is_whole ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::string with_unit(double value, std::string_view base,
                      const std::vector<std::pair<std::string_view, double>>& units) {
  for (const auto& [unit, size] : units) {
    const double count = value / size;
    if (count >= 1 && count == std::floor(count) && count * size == value) {
      return fmt::format("{:.0f}{}", count, unit);
    }
  }
  return number(value) + std::string(base);
}

std::string number_of(Kind kind, double value) {
  constexpr double kib = 1024;
  switch (kind) {
    case Kind::bytes:
      return with_unit(value, "B",
                       {{"TiB", kib * kib * kib * kib},
                        {"TB", 1e12},
                        {"GiB", kib * kib * kib},
                        {"GB", 1e9},
                        {"MiB", kib * kib}});
    case Kind::rate:
      return with_unit(value, "bps", {{"Gbps", 1e9}, {"Mbps", 1e6}});
    case Kind::duration:
      return with_unit(value, "s", {{"d", 86400}, {"h", 3600}, {"m", 60}});
    case Kind::flops:
      return number(value) + "T";
    default:
      return number(value);
  }
}

std::string money_text(const Money& money) { return money.amount.to_string(0) + money.currency; }

bool needs_quotes(std::string_view text) {
  return text.empty() || !std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '.';
         });
}

std::string range_text(Kind kind, const Range& range) {
  return range.is_one_value ? to_text(kind, range.low)
                            : to_text(kind, range.low) + ".." + to_text(kind, range.high);
}

std::string leaf_text(const Condition& condition, std::string_view negation) {
  if (condition.type == Condition::Type::calculation) {
    return fmt::format("{} {} {}", to_text(condition.sides.front()),
                       kSigns[static_cast<std::size_t>(condition.operation)],
                       to_text(condition.sides.back()));
  }
  const std::string name(condition.field->name);
  if (condition.type == Condition::Type::likeness) {
    return fmt::format("{}{} like {}", name, negation, model::quoted(condition.pattern));
  }
  if (condition.type == Condition::Type::membership) {
    std::vector<std::string> items;
    for (const Range& range : condition.ranges) {
      items.push_back(range_text(condition.field->kind, range));
    }
    return fmt::format("{}{} in [{}]", name, negation, text::join(items, ", "));
  }
  const std::string right = condition.other != nullptr
                                ? std::string(condition.other->name)
                                : to_text(condition.field->kind, condition.ranges.front().low);
  return fmt::format("{} {} {}", name, kSigns[static_cast<std::size_t>(condition.operation)],
                     right);
}

bool is_group(const Condition& condition) {
  return condition.type == Condition::Type::conjunction ||
         condition.type == Condition::Type::disjunction;
}

std::string negation_text(const Condition& inner) {
  if (inner.type == Condition::Type::membership || inner.type == Condition::Type::likeness) {
    return leaf_text(inner, " not");
  }
  return "not (" + to_text(inner) + ")";
}

}  // namespace

std::string to_text(Kind kind, const Literal& value) {
  if (const auto* const text = std::get_if<std::string>(&value)) {
    return word(*text);
  }
  if (const auto* const model = std::get_if<AcceleratorName>(&value)) {
    return word(model->text());
  }
  if (const auto* const truth = std::get_if<bool>(&value)) {
    return *truth ? "true" : "false";
  }
  const auto* const money = std::get_if<Money>(&value);
  const std::string text =
      money != nullptr ? money_text(*money) : number_of(kind, std::get<double>(value));
  return needs_quotes(text) ? model::quoted(text) : text;
}

std::string to_text(const Condition& condition) {
  if (condition.type == Condition::Type::negation) {
    return negation_text(condition.parts.front());
  }
  if (!is_group(condition)) {
    return leaf_text(condition, "");
  }
  std::vector<std::string> parts;
  for (const Condition& part : condition.parts) {
    parts.push_back(is_group(part) ? "(" + to_text(part) + ")" : to_text(part));
  }
  return text::join(parts, condition.type == Condition::Type::conjunction ? " and " : " or ");
}

}  // namespace cp::model
