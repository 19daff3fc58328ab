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

/// The bootstrap of VIEW's registry; denied while its prefix was not given to it.
Result<Bootstrap> make_bootstrap(RegistryView& view);

}  // namespace cp::identity
