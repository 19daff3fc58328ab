// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <string>
#include <vector>

/// New keys in the place of old ones.
namespace cp::identity {

struct Rekeying {
  std::vector<std::string> uses;       ///< keys for any of these are replaced; empty: all
  std::chrono::nanoseconds overlap{};  ///< how long the old ones still hold
  std::string passphrase;              ///< encrypts the new key files, unless it is empty
};

/// Makes a new key (a file, durable) for each old one that REKEYING names, and a delegation that
/// has both until the overlap ends. A root's is signed here, by the old anchor and the new one
/// where that changes, and takes effect; a child's is a request to its parent, and takes effect by
/// `accept_delegation`. Must run inside a transaction. denied when no key is for these uses.
Result<model::Json> rekey(Estate& estate, const Rekeying& rekeying);

/// What every child was given, signed anew by the newest key: before the old key's day all children
/// must have it. Must run inside a transaction.
Result<std::vector<model::Json>> renew_children(Estate& estate);

}  // namespace cp::identity
