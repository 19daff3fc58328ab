// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "market/demand.hpp"
#include "market/quote.hpp"
#include "market/snapshot.hpp"
#include "model/fields.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cp::market {

__extension__ using Nanos = __int128;  ///< billionths of a currency

/// The amount that is not known.
inline constexpr Nanos kUnknownNanos = -1;

/// AMOUNT in billionths, exactly.
Nanos nanos_of(const Decimal& amount);

/// The prices of a snapshot's rows for a demand: the same sums as `quote` does. Const calls may
/// come from several threads.
class ColumnPrice {
 public:
  enum class Kind : std::uint8_t { hour, card_hour, job };
  /// What FIELD asks for; nullopt for fields that are no price.
  static std::optional<Kind> kind_of(const model::Field& field);

  static Result<ColumnPrice> make(const Snapshot& snapshot, const Demand& demand, Terms terms);

  /// The prices of ROWS in the chunk of READER, in the row's currency; kUnknownNanos where one is
  /// not known.
  Result<void> read(Kind kind, ChunkReader& reader, ChunkRows rows, std::vector<Nanos>& out) const;

 private:
  ColumnPrice() = default;
  struct Chunk;
  Result<Chunk> load(Kind kind, ChunkReader& reader, ChunkRows rows) const;
  Nanos hour(const Chunk& chunk, std::size_t i) const;
  Nanos card_hour(const Chunk& chunk, std::size_t i) const;
  Nanos job(const Chunk& chunk, std::size_t i) const;

  Terms terms_ = Terms::firm;
  std::optional<std::int64_t> cards_, cpus_;
  std::int64_t nodes_ = 1;
  std::optional<double> duration_s_;
  std::vector<std::int64_t> whole_cards_, cpus_of_, quantum_s_, minimum_s_;  ///< by code
};

}  // namespace cp::market
