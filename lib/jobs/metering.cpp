// SPDX-License-Identifier: Apache-2.0
#include "jobs/metering.hpp"

#include <algorithm>

namespace cp::jobs {
namespace {

constexpr std::int64_t kHour = 3600;

Decimal cost_of_seconds(const Price& price, const model::JobResources& resources,
                        std::int64_t seconds) {
  const std::int64_t quantum = std::max<std::int64_t>(price.quantum_s, 1);
  const std::int64_t quanta = (seconds + quantum - 1) / quantum;
  const std::int64_t billed = std::max(quanta * quantum, price.minimum_s);
  return price.per_unit.amount.times(units_of(price, resources) * billed, kHour);
}

}  // namespace

std::int64_t units_of(const Price& price, const model::JobResources& resources) {
  if (price.unit == "card-hour") {
    return resources.total_cards();
  }
  return price.unit == "core-hour" ? resources.total_cores() : resources.nodes;
}

Money price_per_hour(const Price& price, const model::JobResources& resources) {
  return {price.per_unit.amount.times(units_of(price, resources)), price.per_unit.currency};
}

Money cost_of(const Price& price, const model::JobResources& resources,
              std::chrono::nanoseconds ran) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(ran).count();
  return {seconds <= 0 ? Decimal{} : cost_of_seconds(price, resources, seconds),
          price.per_unit.currency};
}

std::int64_t affordable_seconds(const Price& price, const model::JobResources& resources,
                                const Money& budget, std::int64_t wish) {
  std::int64_t low = 0;
  std::int64_t high = wish;
  while (low < high) {
    const std::int64_t middle = high - (high - low) / 2;
    if (cost_of_seconds(price, resources, middle) <= budget.amount) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

Usage usage_of(const Attempt& attempt, const model::JobResources& resources,
               std::chrono::nanoseconds ran) {
  const double seconds = std::chrono::duration<double>(ran).count();
  Usage usage;
  usage.card_s = seconds * static_cast<double>(resources.total_cards());
  usage.core_s = seconds * static_cast<double>(resources.total_cores());
  if (resources.total_cards() > 0) {
    const std::string model = !attempt.at.card_model.empty()  ? attempt.at.card_model
                              : !resources.gpu_models.empty() ? resources.gpu_models.front()
                                                              : "unknown";
    constexpr std::int64_t milliseconds_per_hour = kHour * 1000;
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(ran).count();
    usage.card_hours[model] =
        Decimal::from_int(resources.total_cards()).times(milliseconds, milliseconds_per_hour);
  }
  if (attempt.at.price) {
    usage.cost = cost_of(*attempt.at.price, resources, ran);
  }
  return usage;
}

void add(Usage& sum, const Usage& one) {
  sum.card_s += one.card_s;
  sum.core_s += one.core_s;
  for (const auto& [model, hours] : one.card_hours) {
    sum.card_hours[model] = sum.card_hours[model] + hours;
  }
  sum.bytes_in += one.bytes_in;
  sum.bytes_out += one.bytes_out;
  const bool known = sum.cost && one.cost && sum.cost->currency == one.cost->currency;
  sum.cost = known ? std::optional(Money{sum.cost->amount + one.cost->amount, sum.cost->currency})
                   : std::nullopt;
  sum.estimated = sum.estimated || one.estimated;
}

std::optional<Usage> total_usage(const std::vector<Attempt>& attempts) {
  std::optional<Usage> sum;
  for (const auto& attempt : attempts) {
    if (!attempt.usage) {
      continue;
    }
    if (sum) {
      add(*sum, *attempt.usage);
    } else {
      sum = attempt.usage;
    }
  }
  return sum;
}

std::optional<Money> remaining_budget(const Money& limit, const std::vector<Attempt>& attempts) {
  Money left = limit;
  for (const auto& attempt : attempts) {
    const auto held = attempt.reserved ? attempt.reserved
                      : attempt.usage  ? attempt.usage->cost
                                       : std::nullopt;
    if (!held || held->currency != left.currency) {
      return std::nullopt;
    }
    left.amount = left.amount - held->amount;
  }
  return left;
}

}  // namespace cp::jobs
