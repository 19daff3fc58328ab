// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "market/demand.hpp"

namespace cpfind {

/// The demand that the flags of a query make.
cp::Result<cp::market::Demand> demand_of(const cp::cli::Context& context);

}  // namespace cpfind
