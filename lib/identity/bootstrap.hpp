// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/registry_view.hpp"

#include <cstdint>
#include <string>

namespace cp::identity {

/// What a stranger needs to begin: a cp.bootstrap/1 in the shape of RFC 9224 with the delegations
/// that prove it.
struct Bootstrap {
  std::string text;      ///< on one line
  std::int64_t seq = 0;  ///< of the ledger: as long as that is the same, so is the text
};

/// The bootstrap of VIEW's registry, which is one document for whoever reads it: of very many
/// children only the first stand in it. denied while its prefix was not given to it.
Result<Bootstrap> make_bootstrap(RegistryView& view);

/// What proves PREFIX, as far as VIEW's registry knows: cp.chain/1 on one line. denied as
/// RegistryView::evidence.
Result<std::string> make_chain(RegistryView& view, const std::string& prefix);

}  // namespace cp::identity
