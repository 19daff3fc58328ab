// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/authority.hpp"
#include "identity/registry_store.hpp"
#include "model/json_fwd.hpp"

#include <optional>
#include <string>

namespace cp::identity {

struct Resolved;  // identity/resolved.hpp

/// Says what stored records of one authority are worth: anchor, delegation, signature, validity.
/// The delegation is verified once, a record each time. Borrows its database, authority and clock.
class Verifier {
 public:
  Verifier(store::Database& database, const Authority& authority, const Clock& clock)
      : database_(database), authority_(authority), clock_(clock) {}

  /// bad_data only when the stored text is no JSON; what does not hold is said in the result.
  Result<Resolved> judge(const StoredRecord& stored);

 private:
  std::string problem_with(const StoredRecord& stored, const model::Json& record);

  store::Database& database_;
  const Authority& authority_;
  const Clock& clock_;
  std::optional<RecordKeys> keys_;
};

}  // namespace cp::identity
