// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <optional>
#include <string_view>

namespace cpid {

/// The time that FLAG names (RFC 3339); nullopt without it, usage for anything else.
cp::Result<std::optional<cp::UnixTime>> time_flag(const cp::cli::Context& context,
                                                  std::string_view flag);

/// The end that --not-after names or --valid-for reaches, in whole seconds; nullopt without either,
/// usage for both.
cp::Result<std::optional<cp::UnixTime>> end_of_validity(const cp::cli::Context& context);

}  // namespace cpid
