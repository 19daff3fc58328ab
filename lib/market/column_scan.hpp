// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/column_judge.hpp"
#include "market/ranking.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cp::market {

class ColumnPart;
class ColumnTeller;

/// What is looked for in a snapshot; borrows all.
struct ColumnRequest {
  const Demand& demand;
  std::span<const SourceInfo> sources;
  Terms terms = Terms::firm;
  bool include_unknown = false;
  const RankingRules& rules;
  const CurrencyRanks& currencies;
};

/// What a snapshot says to a request.
struct ColumnFindings {
  /// A row that matches, or may match, as far as the demand is concerned, and whose resource has a
  /// policy that nobody asked yet.
  struct Undecided {
    Candidate candidate;         ///< its truth is that of the demand
    std::string provider;        ///< as in PROVIDERS
    std::optional<double> cost;  ///< in billionths
    std::string currency;
  };
  std::int64_t matched = 0, unknown = 0;
  /// The first ones as the request's rules have it, rows of one resource once, and of each the
  /// provider in lower case where the rules ask for it.
  std::vector<Candidate> best;
  std::vector<std::string> providers;
  /// Of each currency the least and the most that a match costs, in billionths.
  std::vector<std::pair<std::string, std::pair<double, double>>> costs;
  std::vector<Undecided> undecided;
};

/// Judges and ranks the rows of a snapshot, on several threads where there are many.
class ColumnScan {
 public:
  /// Borrows SNAPSHOT and what REQUEST borrows. unavailable when the condition cannot be judged
  /// here.
  static Result<ColumnScan> make(const Snapshot& snapshot, const ColumnRequest& request);

  /// bad_data when the snapshot is not as it was written.
  Result<ColumnFindings> run() const;

 private:
  friend class ColumnPart;
  friend class ColumnTeller;
  /// Where a key is read; of text its code's place in the order.
  struct Key {
    enum class Type : std::uint8_t { nothing, constant, all_spot, number, text, price };
    Type type = Type::nothing;
    OfferColumn column = OfferColumn::name;
    double constant = 0;
    ColumnPrice::Kind price = ColumnPrice::Kind::hour;
    std::vector<double> values;         ///< by code; for text the place
    std::vector<std::uint32_t> places;  ///< gpu_model: the code that has a place
  };

  ColumnScan(const Snapshot& snapshot, const ColumnRequest& request, ColumnPrice price)
      : snapshot_(snapshot), request_(request), price_(std::move(price)) {}
  Result<Key> key_of(const model::Field& field) const;
  Result<void> order_models(Key& key) const;
  Result<KeyValue> read_key(const Key& key, ChunkReader& reader, std::uint16_t row) const;
  KeyValue amount(Nanos nanos, std::uint32_t currency) const;
  Result<void> tell(ColumnFindings& all) const;
  Result<std::vector<std::uint64_t>> cuts() const;
  Result<bool> is_within_resource(ChunkReader& reader, std::uint64_t index) const;
  static Result<void> run_parts(std::deque<ColumnPart>& parts, std::span<const std::uint64_t> cuts);
  void add_costs(const std::deque<ColumnPart>& parts, ColumnFindings& all) const;

  const Snapshot& snapshot_;
  ColumnRequest request_;
  ColumnPrice price_;
  ColumnPrice::Kind cost_ = ColumnPrice::Kind::hour;
  std::vector<Key> keys_;
  std::vector<std::string> currencies_;
  std::vector<int> currency_ranks_;
};

}  // namespace cp::market
