// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/key.hpp"
#include "identity/registry_store.hpp"
#include "model/json_fwd.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// The aliases in RECORD, which `check_resource` has passed.
std::vector<std::string> aliases_of(const model::Json& record);

/// Those of them that BEFORE, the version before it or null, does not have.
std::vector<std::string> new_aliases(const model::Json& record, const model::Json& before);

/// Why RECORD is no more, when it has ended: "moved to cp:…", "tombstone: …"; "" when it has not.
std::string end_of(const model::Json& record);

/// bad_data when RECORD, which is stored in BYTES, leaves no room for its entry in a line of the
/// feed, which is one document: nobody could follow the registry any more. How many bytes were sent
/// says little: 1e18 is stored as 1000000000000000000. One that has ended may have 96 KiB more, so
/// that any record can end.
Result<void> check_record_size(const model::Json& record, std::size_t bytes);

/// Keeps RECORD, signed and with the next sequence number, under ID, and enters it in the ledger as
/// OP. Runs inside a transaction.
Result<void> keep_record(const RegistryStore& store, const model::Json& record,
                         const Identifier& id, std::string_view op, UnixTime now);

/// Does what Registry::register_resource says with RECORD in STORE, signing with KEY. Runs inside a
/// transaction.
Result<model::Json> enter_record(const RegistryStore& store, const Authority& authority,
                                 const model::Json& record, const PrivateKey& key, UnixTime now,
                                 Random& random, std::string_view op = "register");

}  // namespace cp::identity
