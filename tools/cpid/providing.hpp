// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "provider/table.hpp"

#include <string>

namespace cpid {

/// How providers are asked, as the flags --ssh and --timeout and the terminal say; WORKDIR is where
/// jobs would run.
cp::Result<cp::provider::CatalogSettings> catalog_settings(const cp::cli::Context& context,
                                                           std::string workdir);

}  // namespace cpid
