// SPDX-License-Identifier: Apache-2.0
#include "identity/verifier.hpp"

#include "identity/proof.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace cp::identity {

using model::Json;

Result<Resolved> Verifier::judge(const StoredRecord& stored) {
  Resolved resolved;
  CP_TRY_ASSIGN(resolved.record,
                model::parse_json(stored.text, {"the record of " + stored.serial}));
  if (!keys_) {
    auto keys = verify_authority(database_, authority_, clock_.now());
    if (!keys) {
      resolved.trust = "failed";
      resolved.problem = keys.error().message;
      return resolved;
    }
    keys_ = *std::move(keys);
  }
  resolved.problem = problem_with(stored, resolved.record);
  resolved.own_authority = resolved.problem.empty();
  resolved.trust = resolved.problem.empty()            ? "verified"
                   : resolved.record.contains("proof") ? "failed"
                                                       : "unsigned";
  resolved.anchor = resolved.own_authority ? keys_->anchor : "";
  return resolved;
}

// "" when there is none.
std::string Verifier::problem_with(const StoredRecord& stored, const Json& record) {
  const auto id = Identifier::make(authority_.prefix, stored.serial);
  if (!id || model::text_at(record, "id") != id->text() ||
      model::int_at(record, "seq") != stored.seq) {
    return "its record is another resource's or another version's";
  }
  const auto signer =
      verify_document(record, [this](std::string_view kid) -> std::optional<PublicKey> {
        const auto key = std::ranges::find(keys_->keys, kid, &PublicKey::thumbprint);
        return key == keys_->keys.end() ? std::nullopt : std::optional(*key);
      });
  if (!signer) {
    return signer.error().message;
  }
  const auto valid_until = model::time_at(record, "valid_until");
  if (!valid_until || *valid_until <= clock_.now()) {
    return "it expired at " + model::text_at(record, "valid_until").value_or("an unknown time");
  }
  return "";
}

}  // namespace cp::identity
