// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/jws.hpp"
#include "model/json_fwd.hpp"

#include <string>
#include <vector>

namespace cp::identity {

/// Signs DOCUMENT with KEY: gives it with its "proof" (CONTRACT), a detached JWS of the type that
/// belongs to its schema ("cp.resource/1": cp-resource+jws) over the canonical form of all the
/// rest. bad_data when it has no schema or no canonical form.
Result<model::Json> sign_document(model::Json document, const PrivateKey& key);

/// As `sign_document`, beside the proofs that DOCUMENT has: where two owners must sign, its "proof"
/// is an array. denied when KEY has signed it already.
Result<model::Json> countersign_document(model::Json document, const PrivateKey& key);

/// The thumbprints of the keys that signed DOCUMENT, one or several, in their order. denied as
/// `verify_document` when any signature does not hold, or a key signed twice.
Result<std::vector<std::string>> verify_signers(const model::Json& document,
                                                const jws::FindKey& find_key);

/// The thumbprint of the one key that signed DOCUMENT. denied when it has no proof or one that does
/// not hold; FIND_KEY is asked for the key and decides whether that key may sign this.
Result<std::string> verify_document(const model::Json& document, const jws::FindKey& find_key);

}  // namespace cp::identity
