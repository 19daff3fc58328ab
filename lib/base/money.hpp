// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace cp {

/// An exact decimal with nine places, for money and for hours: what is printed is what was counted.
/// Holds up to about 1.7e29; a sum or product past that stays at the end of the range.
class Decimal {
 public:
  Decimal() = default;

  static Decimal from_int(std::int64_t value);

  /// The value of TEXT: digits, optionally a sign and a fraction of at most nine places. bad_data
  /// for anything else (exponents, blanks, more places).
  static Result<Decimal> parse(std::string_view text);

  /// At least PLACES places, more only where they are not zero: "14.50", "0.0035".
  std::string to_string(int places = 2) const;
  double to_double() const;

  /// This × NUMERATOR ÷ DENOMINATOR (> 0), rounded half away from zero at the ninth place.
  Decimal times(std::int64_t numerator, std::int64_t denominator = 1) const;
  Decimal rounded(int places) const;

  bool is_negative() const { return nanos_ < 0; }
  bool is_zero() const { return nanos_ == 0; }

  friend Decimal operator+(Decimal a, Decimal b);
  friend Decimal operator-(Decimal a, Decimal b);
  friend auto operator<=>(Decimal a, Decimal b) = default;

 private:
  __extension__ using Int128 = __int128;
  explicit Decimal(Int128 nanos) : nanos_(nanos) {}
  static Decimal end(bool negative);

  Int128 nanos_ = 0;
};

/// An amount in a currency of ISO 4217. Amounts of different currencies are never compared here.
struct Money {
  Decimal amount;
  std::string currency;  ///< three capital letters

  /// The money in TEXT: "15CNY", "15 CNY", "CNY15" or "14.50"; without a currency it is
  /// FALLBACK_CURRENCY, and a usage error that names `[money] currency` when that is empty.
  static Result<Money> parse(std::string_view text, std::string_view fallback_currency = {});

  std::string to_string() const { return amount.to_string() + " " + currency; }
  friend bool operator==(const Money&, const Money&) = default;
};

/// Whether TEXT has the form of an ISO 4217 code: three letters A-Z.
bool is_currency(std::string_view text);

}  // namespace cp
