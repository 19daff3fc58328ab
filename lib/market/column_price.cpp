// SPDX-License-Identifier: Apache-2.0
#include "market/column_price.hpp"

#include <cmath>
#include <limits>

namespace cp::market {
namespace {

constexpr std::int64_t kNoCount = -1;
constexpr Nanos kMostNanos = (((Nanos{1} << 126) - 1) << 1) + 1;

Nanos product(Nanos a, Nanos b) {
  Nanos result = 0;
  return __builtin_mul_overflow(a, b, &result) ? kMostNanos : result;
}

// AMOUNT × NUMERATOR ÷ DENOMINATOR as Decimal::times has it; none of them is negative.
Nanos scaled(Nanos amount, std::int64_t numerator, std::int64_t denominator) {
  // Most amounts fit, and are divided in a tenth of the time.
  if (amount <= std::numeric_limits<std::int64_t>::max()) {
    const auto small = static_cast<std::int64_t>(amount);
    const Nanos rest = Nanos{small % denominator} * numerator + denominator / 2;
    const Nanos rounded = rest <= std::numeric_limits<std::int64_t>::max()
                              ? Nanos{static_cast<std::int64_t>(rest) / denominator}
                              : rest / denominator;
    return Nanos{small / denominator} * numerator + rounded;
  }
  const Nanos whole = product(amount / denominator, numerator);
  const Nanos rest = (amount % denominator * numerator + denominator / 2) / denominator;
  return whole > kMostNanos - rest ? kMostNanos : whole + rest;
}

// The values of COLUMN by code, whole; kNoCount where SAY has none for them.
template <class Say>
Result<std::vector<std::int64_t>> counts_of(const Snapshot& snapshot, OfferColumn column, Say say) {
  CP_TRY_ASSIGN(const std::vector<double> numbers, snapshot.numbers(column));
  std::vector<std::int64_t> counts(kFirstCode, kNoCount);
  constexpr double most = 1e18;
  for (const double number : numbers) {
    // A file of somebody else's may hold anything: what is no count is none.
    counts.push_back(number >= 0 && number <= most && say(number)
                         ? static_cast<std::int64_t>(number)
                         : kNoCount);
  }
  return counts;
}

}  // namespace

Nanos nanos_of(const Decimal& amount) {
  constexpr int places = 9;
  Nanos nanos = 0;
  for (const char c : amount.to_string(places)) {
    nanos = c >= '0' && c <= '9' ? nanos * 10 + (c - '0') : nanos;
  }
  return amount.is_negative() ? -nanos : nanos;
}

std::optional<ColumnPrice::Kind> ColumnPrice::kind_of(const model::Field& field) {
  return field.name == "price.hour"        ? std::optional(Kind::hour)
         : field.name == "price.card_hour" ? std::optional(Kind::card_hour)
         : field.name == "price.job"       ? std::optional(Kind::job)
                                           : std::nullopt;
}

Result<ColumnPrice> ColumnPrice::make(const Snapshot& snapshot, const Demand& demand, Terms terms) {
  ColumnPrice price;
  price.terms_ = terms;
  price.cards_ = demand.cards();
  price.cpus_ = demand.cpus();
  price.nodes_ = demand.nodes();
  price.duration_s_ = demand.duration_s();
  const auto any = [](double) { return true; };
  const auto whole_cards = [](double count) { return count == 0 || count >= 1; };
  CP_TRY_ASSIGN(price.whole_cards_, counts_of(snapshot, OfferColumn::gpu_count, whole_cards));
  CP_TRY_ASSIGN(price.cpus_of_, counts_of(snapshot, OfferColumn::cpus, any));
  CP_TRY_ASSIGN(price.quantum_s_, counts_of(snapshot, OfferColumn::quantum_s, any));
  CP_TRY_ASSIGN(price.minimum_s_, counts_of(snapshot, OfferColumn::minimum_s, any));
  return price;
}

struct ColumnPrice::Chunk {
  ChunkRows rows;
  std::span<const std::int64_t> prices;
  std::span<const std::uint8_t> flags;
  std::vector<std::uint32_t> cards, cpus, quantum_s, minimum_s;

  std::int64_t price(std::size_t i) const { return prices[rows[i]]; }
  BillingUnit unit(std::size_t i) const {
    return static_cast<BillingUnit>(flags[rows[i]] >> RowFlags::unit_shift & 3);
  }
};

Result<ColumnPrice::Chunk> ColumnPrice::load(Kind kind, ChunkReader& reader, ChunkRows rows) const {
  Chunk chunk;
  chunk.rows = rows;
  CP_TRY_ASSIGN(chunk.prices,
                reader.raw(terms_ == Terms::spot ? RawColumn::spot : RawColumn::price));
  CP_TRY_ASSIGN(chunk.flags, reader.flags());
  CP_TRY(reader.codes(OfferColumn::gpu_count, rows, chunk.cards));
  CP_TRY(reader.codes(OfferColumn::cpus, rows, chunk.cpus));
  if (kind == Kind::job) {
    CP_TRY(reader.codes(OfferColumn::quantum_s, rows, chunk.quantum_s));
    CP_TRY(reader.codes(OfferColumn::minimum_s, rows, chunk.minimum_s));
  }
  return chunk;
}

Result<void> ColumnPrice::read(Kind kind, ChunkReader& reader, ChunkRows rows,
                               std::vector<Nanos>& out) const {
  out.assign(rows.size(), kUnknownNanos);
  if (rows.empty() || (kind == Kind::job && !duration_s_)) {
    return {};
  }
  CP_TRY_ASSIGN(const Chunk chunk, load(kind, reader, rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (chunk.price(i) >= 0) {
      out[i] = kind == Kind::hour        ? hour(chunk, i)
               : kind == Kind::card_hour ? card_hour(chunk, i)
                                         : job(chunk, i);
    }
  }
  return {};
}

Nanos ColumnPrice::hour(const Chunk& chunk, std::size_t i) const {
  std::int64_t units = 1;
  if (chunk.unit(i) == BillingUnit::card_hour) {
    units = cards_ ? *cards_ : whole_cards_[chunk.cards[i]];
  } else if (chunk.unit(i) != BillingUnit::node_hour) {
    units = cpus_ ? *cpus_ : cpus_of_[chunk.cpus[i]];
  }
  return units < 0 ? kUnknownNanos : product(product(chunk.price(i), units), nodes_);
}

Nanos ColumnPrice::card_hour(const Chunk& chunk, std::size_t i) const {
  const std::int64_t cards = whole_cards_[chunk.cards[i]];
  switch (chunk.unit(i)) {
    case BillingUnit::card_hour:
      return chunk.price(i);
    case BillingUnit::node_hour:
      return cards > 0 ? scaled(chunk.price(i), 1, cards) : kUnknownNanos;
    case BillingUnit::core_hour:
      break;
  }
  return kUnknownNanos;
}

Nanos ColumnPrice::job(const Chunk& chunk, std::size_t i) const {
  const Nanos each = hour(chunk, i);
  const std::int64_t quantum_s = quantum_s_[chunk.quantum_s[i]];
  const std::int64_t minimum_s = minimum_s_[chunk.minimum_s[i]];
  constexpr std::int64_t hour_s = 3600;
  return each == kUnknownNanos
             ? kUnknownNanos
             : scaled(each, billed_seconds(*duration_s_, quantum_s, minimum_s), hour_s);
}

}  // namespace cp::market
