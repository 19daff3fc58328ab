// SPDX-License-Identifier: Apache-2.0
#include "market/amounts.hpp"

#include "base/text.hpp"

#include <charconv>
#include <cmath>

namespace cp::market {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr int kPlaces = 9;
constexpr std::int64_t kMostUnits = 9'000'000'000;  // 9e18 billionths fit in 64 bits

// The digits of a decimal in the order in which they come, cut or padded to nine places.
class Digits {
 public:
  // PLACE is the power of ten that DIGIT counts.
  bool add(int digit, int place) {
    if (place < -kPlaces) {
      is_rounded_ = is_rounded_ || digit != 0;
      rounds_up_ = rounds_up_ || (place == -kPlaces - 1 && digit >= 5);
      return true;
    }
    nanos_ = nanos_ * 10 + digit;
    return nanos_ <= kMostUnits * kNano;
  }
  bool pad(int last_place) {
    for (; last_place > -kPlaces; --last_place) {
      nanos_ *= 10;
      if (nanos_ > kMostUnits * kNano) {
        return false;
      }
    }
    return true;
  }
  Price price() const {
    const auto nanos = static_cast<std::int64_t>(nanos_) + (rounds_up_ ? 1 : 0);
    return {nanos, is_rounded_ ? Price::Flaw::rounded : Price::Flaw::none};
  }

 private:
  __extension__ using Int128 = __int128;
  Int128 nanos_ = 0;
  bool is_rounded_ = false;
  bool rounds_up_ = false;
};

// The value of DIGITS with POINT digits before the point, × 10^EXPONENT.
Price decimal(std::string_view whole, std::string_view fraction, int exponent) {
  Digits digits;
  int place = static_cast<int>(whole.size()) - 1 + exponent;
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      if (!digits.add(c - '0', place--)) {
        return {0, Price::Flaw::not_a_price};
      }
    }
  }
  if (!digits.pad(place + 1)) {
    return {0, Price::Flaw::not_a_price};
  }
  return digits.price();
}

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::optional<int> take_exponent(std::string_view& text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) {
    return 0;
  }
  text.remove_prefix(text.size() > 1 && text[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (parsed.ec != std::errc{} || exponent < -400 || exponent > 400) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return exponent;
}

bool is_sentinel_price(std::int64_t nanos) {
  return nanos == 700 * kNano ||
         (nanos % kNano == 0 && is_sentinel(static_cast<double>(nanos / kNano)));
}

}  // namespace

Price parse_price(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(is_negative ? 1 : 0);
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  const auto exponent = take_exponent(text);
  constexpr std::size_t longest = 400;
  if (!exponent || !text.empty() || whole.size() + fraction.size() == 0 ||
      whole.size() + fraction.size() > longest) {
    return {0, Price::Flaw::not_a_price};
  }
  const Price price = decimal(whole, fraction, *exponent);
  if (price.flaw == Price::Flaw::not_a_price) {
    return price;
  }
  if (price.nanos == 0) {
    return {0, Price::Flaw::zero};
  }
  if (is_negative) {
    return {0, Price::Flaw::negative};
  }
  return is_sentinel_price(price.nanos) ? Price{0, Price::Flaw::sentinel} : price;
}

Decimal to_decimal(std::int64_t nanos) { return Decimal::from_int(nanos).times(1, kNano); }

std::optional<std::int64_t> to_nanos(const Decimal& amount) {
  if (amount.is_negative() || amount > Decimal::from_int(kMostUnits)) {
    return std::nullopt;
  }
  // Exact: a decimal has nine places.
  const auto text = amount.to_string(kPlaces);
  const auto point = text.find('.');
  const auto units = text::to_int(text.substr(0, point));
  const auto nanos = text::to_int(text.substr(point + 1));
  return *units * kNano + *nanos;
}

std::optional<double> parse_amount(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() ||
      !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  return value;
}

bool is_sentinel(double value) {
  // 9999, 99999, … up to eighteen nines, as GLUE 2 (GFD.147) has them.
  if (value < 9999) {
    return false;
  }
  for (double nines = 9999; nines < 1e18; nines = nines * 10 + 9) {
    if (value == nines) {
      return true;
    }
  }
  return false;
}

}  // namespace cp::market
