// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/authority.hpp"
#include "identity/judge.hpp"
#include "identity/registry_store.hpp"
#include "model/json_fwd.hpp"

#include <span>
#include <string>

namespace cp::identity {

struct Resolved;  // identity/resolved.hpp

/// Says what stored records of one authority are worth, as Judge does it. Borrows its database,
/// authority and clock.
class Verifier {
 public:
  Verifier(store::Database& database, const Authority& authority, const Clock& clock)
      : authority_(authority), trust_(database), judge_(trust_, clock) {}

  /// bad_data only when the stored text is no JSON; what does not hold is said in the result.
  Result<Resolved> judge(const StoredRecord& stored);

  /// denied when one of ALIASES is of a label that is not the authority's (label_rule.hpp).
  Result<void> check_aliases(std::span<const std::string> aliases);

  /// As identity::require_in_force for the authority.
  Result<void> require_in_force();

 private:
  const Authority& authority_;
  TrustStore trust_;
  Judge judge_;
};

}  // namespace cp::identity
