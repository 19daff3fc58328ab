// SPDX-License-Identifier: Apache-2.0
#include "model/calculation.hpp"

#include "model/expression.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace cp::model {
namespace {

struct Words {
  std::string text;
  int binding = 2;  ///< 0: a sum, 1: a product, 2: one value
};

std::string in_brackets(const Words& words, int least) {
  return words.binding < least ? "(" + words.text + ")" : words.text;
}

// What stands on the right of an operation is in brackets where it is one itself.
Words joined_words(Step::Type operation, const Words& left, const Words& right) {
  const bool is_sum = operation == Step::Type::add || operation == Step::Type::subtract;
  const int binding = is_sum ? 0 : 1;
  const char* const sign = operation == Step::Type::add        ? " + "
                           : operation == Step::Type::subtract ? " - "
                           : operation == Step::Type::multiply ? " * "
                                                               : " / ";
  return {in_brackets(left, binding) + sign + in_brackets(right, binding + 1), binding};
}

bool is_plain_number(const std::string& text) {
  return text.find_first_not_of(
             "0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
         std::string::npos;
}

}  // namespace

double calculated(Step::Type operation, double left, double right) {
  const double result = operation == Step::Type::add        ? left + right
                        : operation == Step::Type::subtract ? left - right
                        : operation == Step::Type::multiply ? left * right
                        : right == 0 ? std::numeric_limits<double>::quiet_NaN()
                                     : left / right;
  return std::isfinite(result) ? result : std::numeric_limits<double>::quiet_NaN();
}

std::string to_text(const Calculation& calculation) {
  std::vector<Words> stack;
  for (const Step& step : calculation) {
    if (step.type == Step::Type::field) {
      stack.push_back({std::string(step.field->name)});
    } else if (step.type == Step::Type::number) {
      stack.push_back({is_plain_number(step.text) ? step.text : model::quoted(step.text)});
    } else {
      const Words right = std::move(stack.back());
      stack.pop_back();
      stack.back() = joined_words(step.type, stack.back(), right);
    }
  }
  return stack.back().text;
}

std::vector<std::string> currencies_of(const std::vector<Calculation>& sides) {
  std::vector<std::string> found;
  for (const Calculation& side : sides) {
    for (const Step& step : side) {
      if (!step.currency.empty() && std::ranges::find(found, step.currency) == found.end()) {
        found.push_back(step.currency);
      }
    }
  }
  return found;
}

bool has_money_field(const std::vector<Calculation>& sides) {
  return std::ranges::any_of(sides, [](const Calculation& side) {
    return std::ranges::any_of(side, [](const Step& step) {
      return step.field != nullptr && step.field->kind == Kind::money;
    });
  });
}

Dimension Dimension::of(Kind kind) {
  Dimension dimension;
  dimension.money = kind == Kind::money ? 1 : 0;
  dimension.bytes = kind == Kind::bytes || kind == Kind::rate ? 1 : 0;
  dimension.seconds = kind == Kind::duration ? 1 : kind == Kind::rate ? -1 : 0;
  dimension.operations = kind == Kind::flops ? 1 : 0;
  return dimension;
}

Dimension operator*(Dimension left, Dimension right) {
  return {left.money + right.money, left.bytes + right.bytes, left.seconds + right.seconds,
          left.operations + right.operations};
}

Dimension operator/(Dimension left, Dimension right) {
  return {left.money - right.money, left.bytes - right.bytes, left.seconds - right.seconds,
          left.operations - right.operations};
}

}  // namespace cp::model
