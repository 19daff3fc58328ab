// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/jws.hpp"
#include "model/json_fwd.hpp"

#include <string>

namespace cp::identity {

/// Signs DOCUMENT with KEY: gives it with its "proof" (CONTRACT), a detached JWS of the type that
/// belongs to its schema ("cp.resource/1": cp-resource+jws) over the canonical form of all the
/// rest. bad_data when it has no schema or no canonical form.
Result<model::Json> sign_document(model::Json document, const PrivateKey& key);

/// The thumbprint of the key that signed DOCUMENT. denied when it has no proof or one that does not
/// hold; FIND_KEY is asked for the key and decides whether that key may sign this.
Result<std::string> verify_document(const model::Json& document, const jws::FindKey& find_key);

}  // namespace cp::identity
