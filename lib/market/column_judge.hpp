// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/column_price.hpp"
#include "market/snapshot.hpp"
#include "model/expression.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cp::market {

/// A condition made ready for the rows of a snapshot, with the meaning that model::evaluate gives
/// it. What asks for one value of one column is looked up by its code: judged once for each value,
/// not for each row. Const calls may come from several threads.
class ColumnJudge {
 public:
  /// Borrows SNAPSHOT and PRICE. SOURCES are those of the cache.
  static Result<ColumnJudge> make(const model::Condition& condition, const Snapshot& snapshot,
                                  const ColumnPrice& price, const Demand& demand, Terms terms,
                                  std::span<const SourceInfo> sources);

  /// Leaves of ROWS those for which the condition is not false, with the truth of each.
  Result<void> select(ChunkReader& reader, std::vector<std::uint16_t>& rows,
                      std::vector<model::Truth>& truths) const;
  /// The truth for each of ROWS in the chunk of READER, in their order.
  Result<void> judge(ChunkReader& reader, ChunkRows rows, std::vector<model::Truth>& out) const;

 private:
  friend class ColumnJudgeMaker;

  /// A side of a comparison between numbers: the values of a column by code, or the same for all.
  struct Number {
    std::optional<OfferColumn> column;
    std::vector<double> values;
    std::optional<double> constant;
  };
  /// A side of a comparison between amounts: of the row, or the same for all.
  struct Amount {
    std::optional<ColumnPrice::Kind> kind;
    Nanos constant = kUnknownNanos;
    std::optional<std::uint32_t> currency;  ///< the constant's code; none where no row has it
  };
  struct AmountTest {
    model::Operator operation = model::Operator::equal;
    Amount right;
  };
  /// A step of a calculation: an operation, the values of a column by code (NaN: not known), an
  /// amount of the row, or the same number for all.
  struct CalculationStep {
    model::Step::Type type = model::Step::Type::number;
    std::optional<OfferColumn> column;
    std::vector<double> values;
    std::optional<ColumnPrice::Kind> price;
    double constant = 0;
  };
  struct Node {
    enum class Type : std::uint8_t {
      constant,
      table,
      numbers,
      amounts,
      calculation,
      all,
      any,
      opposite
    };
    Type type = Type::constant;
    std::vector<Node> parts;
    model::Truth truth = model::Truth::yes;
    OfferColumn column = OfferColumn::name;
    std::vector<model::Truth> table;  ///< the truth of each code
    model::Operator operation = model::Operator::equal;
    std::vector<Number> sides;
    ColumnPrice::Kind price = ColumnPrice::Kind::hour;
    /// One of these has to hold, each of which is that all of its tests do.
    std::vector<std::vector<AmountTest>> amounts;
    std::vector<std::vector<CalculationStep>> calculations;  ///< of both sides
    bool is_of_currency = false;  ///< a calculation is known where amounts are in CURRENCY only
    std::optional<std::uint32_t> currency;
  };
  using Truths = std::vector<model::Truth>;

  ColumnJudge(Node root, const ColumnPrice& price) : root_(std::move(root)), price_(price) {}
  Result<void> judge(const Node& node, ChunkReader& reader, ChunkRows rows, Truths& out) const;
  Result<void> judge_parts(const Node& node, ChunkReader& reader, ChunkRows rows,
                           Truths& out) const;
  Result<void> judge_numbers(const Node& node, ChunkReader& reader, ChunkRows rows,
                             Truths& out) const;
  Result<void> judge_calculation(const Node& node, ChunkReader& reader, ChunkRows rows,
                                 Truths& out) const;
  Result<std::vector<double>> calculate(const std::vector<CalculationStep>& steps,
                                        ChunkReader& reader, ChunkRows rows,
                                        std::vector<bool>& has_none) const;
  Result<std::vector<double>> values_of(const CalculationStep& step, ChunkReader& reader,
                                        ChunkRows rows, std::vector<bool>& has_none) const;
  Result<void> judge_amounts(const Node& node, ChunkReader& reader, ChunkRows rows,
                             Truths& out) const;
  Result<void> judge_test(const AmountTest& test, std::span<const Nanos> left, ChunkReader& reader,
                          ChunkRows rows, Truths& out) const;

  Node root_;
  const ColumnPrice& price_;
};

}  // namespace cp::market
