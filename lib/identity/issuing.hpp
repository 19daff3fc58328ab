// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "identity/token.hpp"

#include <functional>
#include <string>

/// The tokens that an authority gives out.
namespace cp::identity {

/// Gives TOKEN its issuer, its id and its beginning, signs it, keeps its claims in the store, and
/// gives the compact form. Must run inside a transaction: what is not kept cannot be revoked. usage
/// when it has no grant, audience, subject or end to come; not_found without a key for it.
Result<std::string> issue_token(Estate& estate, Token& token);

/// A token that was issued here.
struct Issued {
  Token token;
  std::string status;  ///< "valid", "expired" or "revoked"
};
/// Calls VISIT with each, the one that expires last first. What expired 30 days ago is forgotten.
Result<void> for_each_token(Estate& estate,
                            const std::function<Result<void>(const Issued&)>& visit);

}  // namespace cp::identity
