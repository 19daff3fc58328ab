// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "model/json_fwd.hpp"

#include <string>
#include <string_view>

/// What becomes of resources: other names, other owners, the end. Each is a new version of the
/// record and an entry of the ledger; no code is ever free again.
namespace cp::identity {

/// bad_data when WHY, what people are told of an end or a revocation, has more than 4 KiB.
Result<void> check_why(std::string_view why);

/// How a record ends.
struct End {
  std::string how;        ///< "tombstone", "revoked", "moved" or "merged"
  std::string why;        ///< for people; may be empty
  std::string successor;  ///< the code that stands for it from now on; moved and merged have one
};

/// Ends the record that NAME, a code or an alias, names. With a successor of this authority, or
/// none, it is signed, entered and given back. A successor of another prefix must be signed by both
/// owners: then it is only signed and given back, and `accept_end` enters it when it has come
/// back. Must run inside a transaction. not_found when nothing is registered under NAME; denied
/// when it has ended already, or its successor is itself or was not allocated.
Result<model::Json> end_record(Estate& estate, std::string_view name, const End& end);

/// Enters DOCUMENT, a record that ended with both owners' signatures. Must run inside a
/// transaction. denied when it does not hold, does not follow the newest version here, or its
/// successor leads back to it.
Result<model::Json> accept_end(Estate& estate, const model::Json& document);

/// Gives the record that NAME names the ALIAS, or takes it away. Must run inside a transaction.
/// Errors as Registry::register_resource.
Result<model::Json> set_alias(Estate& estate, std::string_view name, const std::string& alias,
                              bool there);

/// denied, with what is wrong, unless the authority here has a say in DOCUMENT, so that its keys
/// may sign it: a delegation of its own prefix or of a child, a record or state of its prefix, one
/// that goes over to a code that was allocated here.
Result<void> check_say(Estate& estate, const model::Json& document);

}  // namespace cp::identity
