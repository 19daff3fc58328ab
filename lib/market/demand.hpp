// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "market/wish.hpp"
#include "model/expression.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cp::market {

/// What the flags of a query say.
struct DemandFlags {
  std::optional<GpuWish> gpu;
  Span cpus, memory_bytes, disk_bytes;
  std::int64_t nodes = 1;
  std::vector<std::string> regions;  ///< patterns, one of which is to fit
  std::vector<std::string> where;    ///< expressions, all of which are to hold
  struct MaxPrice {
    Money money;
    std::string per;  ///< "hour", "card-hour" or "job"
  };
  std::optional<MaxPrice> max_price;
  std::optional<double> duration_s;
  std::string currency;  ///< for money in expressions that has none
};

/// What is wanted: the cp.demand/1 and what follows from it.
class Demand {
 public:
  /// usage when an expression is wrong, or a price for the job is asked for without a duration.
  static Result<Demand> from_flags(const DemandFlags& flags);

  const model::Json& document() const { return *document_; }
  /// All that a resource has to fulfil: the amounts, the price and the expressions.
  const model::Condition& condition() const { return condition_; }
  /// The condition in words of the language.
  const std::string& text() const { return text_; }

  std::int64_t nodes() const { return nodes_; }
  /// Cards and CPUs asked for in each node.
  std::optional<std::int64_t> cards() const { return cards_; }
  std::optional<std::int64_t> cpus() const { return cpus_; }
  std::optional<std::int64_t> memory_bytes() const { return memory_bytes_; }
  std::optional<double> duration_s() const { return duration_s_; }

 private:
  Demand() = default;

  std::shared_ptr<const model::Json> document_;
  model::Condition condition_;
  std::string text_;
  std::int64_t nodes_ = 1;
  std::optional<std::int64_t> cards_, cpus_, memory_bytes_;
  std::optional<double> duration_s_;
};

}  // namespace cp::market
