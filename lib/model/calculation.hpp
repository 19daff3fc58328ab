// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Arithmetic in the selection language: price.hour / gpu.flops_fp16. All of it is binary64; bytes
/// and bits have one measure, bytes. What is not known, a division by zero, and a result that is no
/// finite number are not known; amounts of money in two currencies make the whole unknown.
namespace cp::model {

/// What a calculation is made of, one after the other: a value is put on the stack, an operation
/// takes the two that are on its top and puts its result there.
struct Step {
  enum class Type : std::uint8_t { field, number, add, subtract, multiply, divide };
  Type type = Type::number;
  const Field* field = nullptr;
  double number = 0;
  std::string text;      ///< of a number, as it can be read again: "15CNY"
  std::string currency;  ///< of a number that is an amount of money
};
using Calculation = std::vector<Step>;

/// What OPERATION makes of LEFT and RIGHT; NaN, which stands for what is not known, where that is
/// no finite number.
double calculated(Step::Type operation, double left, double right);

/// VALUE of a field of KIND as it is calculated with.
inline double in_calculation(Kind kind, double value) {
  constexpr double bits = 8;
  return kind == Kind::rate ? value / bits : value;
}

/// CALCULATION in words of the language.
std::string to_text(const Calculation& calculation);

/// The currencies of the amounts that stand in SIDES, each once.
std::vector<std::string> currencies_of(const std::vector<Calculation>& sides);
/// Whether a field of SIDES is an amount of money.
bool has_money_field(const std::vector<Calculation>& sides);

/// The unit of a calculation, as exponents.
struct Dimension {
  int money = 0, bytes = 0, seconds = 0, operations = 0;

  static Dimension of(Kind kind);
  friend bool operator==(const Dimension&, const Dimension&) = default;
};
Dimension operator*(Dimension left, Dimension right);
Dimension operator/(Dimension left, Dimension right);

}  // namespace cp::model
