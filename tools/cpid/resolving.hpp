// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "identity/child_limits.hpp"
#include "identity/resolver.hpp"

namespace cpid {

/// What --registry, --ca, --allow-net and --timeout say, which the command must have; bad_config or
/// usage for what is no URL or network.
cp::Result<cp::identity::ResolverSettings> resolver_settings(const cp::cli::Context& context);

/// What --child-limit says, which the command must have.
cp::Result<cp::identity::ChildLimitTable> child_limits(const cp::cli::Context& context);

}  // namespace cpid
