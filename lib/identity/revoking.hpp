// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <string>
#include <string_view>

/// What an authority declares void, and the heads that say so.
namespace cp::identity {

/// Declares the key THUMBPRINT void: one of the authority's own or of a child's. Must run inside a
/// transaction. not_found when no delegation that is known here names it; denied for the last key
/// that may sign heads, and for the anchor of a root unless it is MEANT: nothing below that holds
/// ever again, and no new key can follow it.
Result<void> revoke_key(Estate& estate, std::string_view thumbprint, std::string_view why,
                        bool meant = false);

/// Declares what PREFIX, a child, was given so far void. not_found when it was given nothing.
Result<void> revoke_delegation(Estate& estate, std::string_view prefix, std::string_view why);

/// Declares the token JTI, which this authority has issued, void. Must run inside a transaction.
/// not_found when it has not, or the token expired long ago.
Result<void> revoke_token(Estate& estate, std::string_view jti, std::string_view why);

/// A new head, signed, valid for VALIDITY (7 days at most): the ledger's end, which is the entry of
/// the head itself, and all that is void (tokens until they expire). Must run inside a transaction.
Result<model::Json> make_head(Estate& estate, std::chrono::nanoseconds validity);

}  // namespace cp::identity
