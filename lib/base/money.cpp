// SPDX-License-Identifier: Apache-2.0
#include "base/money.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cp {
namespace {

constexpr int kPlaces = 9;
constexpr std::int64_t kScale = 1'000'000'000;
constexpr std::size_t kMostDigits = 20;

std::int64_t power_of_ten(int exponent) {
  std::int64_t value = 1;
  for (int i = 0; i < exponent; ++i) {
    value *= 10;
  }
  return value;
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Decimal Decimal::from_int(std::int64_t value) { return Decimal(Int128{value} * kScale); }

Result<Decimal> Decimal::parse(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  const auto point = text::cut(digits, '.');
  const std::string_view whole = point ? point->before : digits;
  const std::string_view fraction = point ? point->after : std::string_view{};
  if (whole.empty() || (point && fraction.empty()) || !all_digits(whole) || !all_digits(fraction)) {
    return fail(Errc::bad_data, "'{}' is not a decimal number", text);
  }
  if (whole.size() > kMostDigits || fraction.size() > kPlaces) {
    return fail(Errc::bad_data, "'{}' has more digits than {}.{}", text, kMostDigits, kPlaces);
  }
  Int128 nanos = 0;
  for (const char c : whole) {
    nanos = nanos * 10 + (c - '0');
  }
  for (int i = 0; i < kPlaces; ++i) {
    const auto at = static_cast<std::size_t>(i);
    nanos = nanos * 10 + (at < fraction.size() ? fraction[at] - '0' : 0);
  }
  return Decimal(negative ? -nanos : nanos);
}

std::string Decimal::to_string(int places) const {
  Int128 rest = nanos_ < 0 ? -nanos_ : nanos_;
  std::string digits;
  for (int i = 0; i < kPlaces || rest > 0; ++i) {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (digits.size() == kPlaces) {
    digits += '0';
  }
  std::ranges::reverse(digits);
  std::string fraction = digits.substr(digits.size() - kPlaces);
  while (fraction.size() > static_cast<std::size_t>(std::max(places, 0)) &&
         fraction.back() == '0') {
    fraction.pop_back();
  }
  std::string out = nanos_ < 0 ? "-" : "";
  out += digits.substr(0, digits.size() - kPlaces);
  return fraction.empty() ? out : out + '.' + fraction;
}

double Decimal::to_double() const {
  return static_cast<double>(nanos_) / static_cast<double>(kScale);
}

Decimal operator+(Decimal a, Decimal b) {
  Decimal::Int128 sum = 0;
  return __builtin_add_overflow(a.nanos_, b.nanos_, &sum) ? Decimal::end(a.nanos_ < 0)
                                                          : Decimal(sum);
}

Decimal operator-(Decimal a, Decimal b) { return a + Decimal(-b.nanos_); }

Decimal Decimal::end(bool negative) {
  constexpr Int128 most = (((Int128{1} << 126) - 1) << 1) + 1;
  return Decimal(negative ? -most : most);
}

Decimal Decimal::times(std::int64_t numerator, std::int64_t denominator) const {
  // What DENOMINATOR divides is multiplied by itself, so that only the rest, which is small, is
  // rounded, and only a result that does not fit overflows.
  Int128 whole = 0;
  if (__builtin_mul_overflow(nanos_ / denominator, Int128{numerator}, &whole)) {
    return end((nanos_ < 0) != (numerator < 0));
  }
  const Int128 product = nanos_ % denominator * numerator;
  const Int128 half = denominator / 2;
  return Decimal(whole) + Decimal((product + (product < 0 ? -half : half)) / denominator);
}

Decimal Decimal::rounded(int places) const {
  const std::int64_t step = power_of_ten(kPlaces - std::clamp(places, 0, kPlaces));
  const Decimal half(nanos_ < 0 ? -step / 2 : step / 2);
  return Decimal((*this + half).nanos_ / step * step);
}

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<Money> Money::parse(std::string_view text, std::string_view fallback_currency) {
  std::string_view number = text::trim(text);
  std::string currency(fallback_currency);
  if (number.size() > 3 && is_currency(number.substr(0, 3))) {
    currency = number.substr(0, 3);
    number.remove_prefix(3);
  } else if (number.size() > 3 && is_currency(number.substr(number.size() - 3))) {
    currency = number.substr(number.size() - 3);
    number.remove_suffix(3);
  }
  const auto amount = Decimal::parse(text::trim(number));
  if (!amount) {
    return with_hint(fail(Errc::usage, "'{}' is not an amount of money", text),
                     "write a decimal number and a currency, e.g. 15CNY");
  }
  if (!is_currency(currency)) {
    return with_hint(fail(Errc::usage, "'{}' has no currency", text),
                     "write e.g. 15CNY, or set currency under [money] in the configuration");
  }
  return Money{*amount, currency};
}

}  // namespace cp
