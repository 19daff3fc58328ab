// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "market/demand.hpp"

namespace cp::market {
struct SearchOptions;
}  // namespace cp::market

namespace cpfind {

/// The demand that the flags of a query make.
cp::Result<cp::market::Demand> demand_of(const cp::cli::Context& context);

/// Puts into OPTIONS what the flags that come with a demand say of how it is asked for: prices,
/// sources, what can be run.
void set_common(const cp::cli::Context& context, cp::market::SearchOptions& options);

}  // namespace cpfind
