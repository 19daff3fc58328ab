// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/key.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// JSON Web Signatures (RFC 7515) with EdDSA over Ed25519 (RFC 8037), in the few forms that our
/// documents and tokens use (SECURITY §2).
namespace cp::identity::jws {

/// "<header>.<payload>.<signature>" with HEADER as the protected header's JSON text.
std::string sign_compact(std::string_view header, std::string_view payload, const PrivateKey& key);

/// The key that a header's "kid" names, or nullopt.
using FindKey = std::function<std::optional<PublicKey>(std::string_view kid)>;

/// The payload of COMPACT, made by `sign_compact` with {"alg":"EdDSA","kid":…,"typ":TYP}. denied
/// when anything about it is not as it must be: another algorithm or type, a header that brings its
/// own key (jwk, jku, x5u, x5c) or asks for what we do not know (crit, RFC 7515 section 4.1.11;
/// b64, RFC 7797; zip), an unknown key, a wrong signature.
Result<std::string> verify_compact(std::string_view compact, std::string_view typ,
                                   const FindKey& find_key);

/// The detached form (RFC 7515 appendix F), "<header>..<signature>", over PAYLOAD.
std::string sign_detached(std::string_view payload, std::string_view typ, const PrivateKey& key);
/// Whether DETACHED signs PAYLOAD; errors as `verify_compact`. Gives the thumbprint of the key.
Result<std::string> verify_detached(std::string_view detached, std::string_view payload,
                                    std::string_view typ, const FindKey& find_key);

}  // namespace cp::identity::jws
