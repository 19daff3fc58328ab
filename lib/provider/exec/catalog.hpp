// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/table.hpp"

#include <memory>

namespace cp::provider::exec {

/// The Catalog of exec:NAME, by two verbs of its program. `catalog` prints a cp.resource/1 a line.
/// `state` reads such lines and prints for each, in their order, a cp.state/1, or null for what it
/// cannot tell. Identity, sequence and proof that a record claims are taken off: nobody vouches for
/// them. usage and not_found as find_program.
Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings);

}  // namespace cp::provider::exec
