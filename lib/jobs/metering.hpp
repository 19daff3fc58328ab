// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/job.hpp"

#include <chrono>
#include <optional>

/// What jobs use and cost: exact arithmetic over the provider's times and the verified price.
namespace cp::jobs {

/// How many of PRICE's units RESOURCES are at one moment: cards, cores or nodes.
std::int64_t units_of(const Price& price, const model::JobResources& resources);

/// What RESOURCES cost for an hour.
Money price_per_hour(const Price& price, const model::JobResources& resources);

/// What RESOURCES cost for RAN, in whole quanta and at least the minimum; nothing for nothing.
Money cost_of(const Price& price, const model::JobResources& resources,
              std::chrono::nanoseconds ran);

/// The most whole seconds whose cost does not exceed BUDGET, up to WISH; 0 when not even a quantum
/// does. BUDGET is in PRICE's currency.
std::int64_t affordable_seconds(const Price& price, const model::JobResources& resources,
                                const Money& budget, std::int64_t wish);

/// What ATTEMPT of a job that wanted RESOURCES used; bytes moved are its own to say. Cost is
/// unknown where the price is, nothing where it never ran.
Usage usage_of(const Attempt& attempt, const model::JobResources& resources,
               std::chrono::nanoseconds ran);

/// The sum over ATTEMPTS; a cost is unknown as soon as one of them is.
std::optional<Usage> total_usage(const std::vector<Attempt>& attempts);

/// Adds what is in ONE to SUM; amounts of other currencies make the cost unknown.
void add(Usage& sum, const Usage& one);

/// What is left of a job's budget for a new attempt: LIMIT less what the attempts before used or
/// still hold reserved; nullopt when one of them is in another currency or unknown.
std::optional<Money> remaining_budget(const Money& limit, const std::vector<Attempt>& attempts);

}  // namespace cp::jobs
