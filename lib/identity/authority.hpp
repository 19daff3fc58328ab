// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/key.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

class Judge;  // identity/judge.hpp

/// Who allocates below a prefix on this machine.
struct Authority {
  std::int64_t row = 0;  ///< in the store
  std::string prefix;
  std::string thumbprint;  ///< of the key that stands first: what vouches for a prefix 0
  std::string
      delegation;  ///< its newest cp.delegation/1 on one line; before it is accepted, its own
  bool accepted = false;  ///< a verified chain gives it the prefix
};

/// The directory of key files in STATE_DIRECTORY, and the file of the key THUMBPRINT in it.
std::string key_directory(const std::string& state_directory);
std::string key_file(const std::string& state_directory, std::string_view thumbprint);

/// What an authority is made from.
struct Founding {
  std::string prefix;
  std::string name;
  std::string level;                  ///< "" for the usual one of such a prefix
  std::optional<std::string> parent;  ///< none: a root, which vouches for itself
  std::vector<std::string> registries;
  std::optional<UnixTime> not_after;
  /// Public keys that were made elsewhere, as JWKs with "for"; empty: keys are made here, one for
  /// prefix 0, else one that delegates and signs records, and one for live services.
  std::vector<model::Json> keys;
  std::string passphrase;  ///< encrypts the key files that are made here, unless it is empty
};

/// Makes the authority: key files (durable), and its own delegation signed by its key. A root's
/// key is pinned as the prefix's anchor and the authority is accepted; a child's delegation is a
/// request to its parent; one whose keys were made elsewhere is not signed yet. Must run inside a
/// transaction. usage for a wrong prefix, parent, key or registry.
Result<Authority> found_authority(store::Database& database, const std::string& state_directory,
                                  const Founding& founding, UnixTime now, Random& random);

/// The authority in the store; nullopt when none was made.
Result<std::optional<Authority>> load_authority(store::Database& database);

/// Makes DELEGATION, and THUMBPRINT, those of AUTHORITY in the store, accepted or not.
Result<void> update_authority(store::Database& database, const Authority& authority);

/// The newest key of AUTHORITY that may sign USE now, that neither it nor one above has revoked,
/// and whose file is here. denied or not_found when there is none, else errors as PrivateKey::load.
Result<PrivateKey> signing_key(store::Database& database, const std::string& state_directory,
                               const Authority& authority, std::string_view use, UnixTime now,
                               const Passphrase& passphrase);

/// denied, with what to do, unless AUTHORITY is accepted.
Result<void> require_accepted(const Authority& authority);

/// denied, with what to do, unless AUTHORITY is accepted and, by all that JUDGE knows here, its
/// prefix is its own now: nothing above has ended, begins later or was revoked. What others would
/// refuse is not made.
Result<void> require_in_force(const Authority& authority, Judge& judge);

/// "sha256:…" over the canonical form of DOCUMENT, as the ledger has it.
Result<std::string> digest_of(const model::Json& document);

}  // namespace cp::identity
