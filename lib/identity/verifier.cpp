// SPDX-License-Identifier: Apache-2.0
#include "identity/verifier.hpp"

#include "identity/label_rule.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"

namespace cp::identity {

using model::Json;

Result<Resolved> Verifier::judge(const StoredRecord& stored) {
  Resolved resolved;
  CP_TRY_ASSIGN(resolved.record,
                model::parse_json(stored.text, {"the record of " + stored.serial}));
  const auto id = Identifier::make(authority_.prefix, stored.serial);
  if (!id || model::text_at(resolved.record, "id") != id->text() ||
      model::int_at(resolved.record, "seq") != stored.seq) {
    resolved.trust = "failed";
    resolved.problem = "its record is another resource's or another version's";
    return resolved;
  }
  CP_TRY_ASSIGN(Verdict verdict, judge_.examine(resolved.record));
  resolved.trust = std::move(verdict.trust);
  resolved.problem = std::move(verdict.message);
  resolved.anchor = std::move(verdict.anchor);
  resolved.own_authority = resolved.trust == "verified";
  return resolved;
}

Result<void> Verifier::check_aliases(std::span<const std::string> aliases) {
  return identity::check_aliases(trust_, judge_, authority_.prefix, aliases);
}

Result<void> Verifier::require_in_force() { return identity::require_in_force(authority_, judge_); }

}  // namespace cp::identity
