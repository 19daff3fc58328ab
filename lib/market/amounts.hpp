// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// Numbers as catalogs write them.
namespace cp::market {

/// Prices are stored as whole billionths of their currency.
inline constexpr std::int64_t kNano = 1'000'000'000;
/// Bytes in what catalogs call a megabyte of memory.
inline constexpr double kMib = 1048576;

/// A price in a catalog, exactly.
struct Price {
  enum class Flaw : std::uint8_t { none, not_a_price, negative, zero, sentinel, rounded };
  std::int64_t nanos = 0;  ///< meaningful for Flaw::none and Flaw::rounded
  Flaw flaw = Flaw::none;
};
/// The price in TEXT: a decimal, with an exponent where a program wrote it so. NaN, infinity and
/// anything past nine billion are no price; 700 and nothing but nines stand for an unknown one.
Price parse_price(std::string_view text);

/// NANOS as exact money, and back; nullopt past what an integer of 64 bits holds.
Decimal to_decimal(std::int64_t nanos);
std::optional<std::int64_t> to_nanos(const Decimal& amount);

/// The amount in TEXT, finite and not negative; nullopt otherwise.
std::optional<double> parse_amount(std::string_view text);

/// Whether VALUE is one of those that stand for "unknown" in data of others (GLUE 2: all nines).
bool is_sentinel(double value);

}  // namespace cp::market
