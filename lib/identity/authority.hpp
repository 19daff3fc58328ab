// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/key.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::identity {

/// Who allocates below a prefix on this machine: its delegation, and the file of its key.
struct Authority {
  std::int64_t row = 0;  ///< in the store
  std::string prefix;
  std::string thumbprint;
  std::string delegation;  ///< cp.delegation/1 on one line
  std::string key_file;    ///< name below the directory of keys
};

/// The directory of key files in STATE_DIRECTORY.
std::string key_directory(const std::string& state_directory);

/// Makes the authority of PREFIX, called NAME: a key file (durable), a delegation signed by that
/// key, and the key pinned as the prefix's anchor. Must run inside a transaction.
Result<Authority> create_authority(store::Database& database, const std::string& state_directory,
                                   std::string_view prefix, std::string_view name, UnixTime now,
                                   Random& random);

/// The authority in the store; nullopt when none was made.
Result<std::optional<Authority>> load_authority(store::Database& database);

/// The keys that may sign "record" for AUTHORITY, after its delegation was verified against the
/// anchor that is pinned for its prefix, at the time NOW. denied when it does not hold.
struct RecordKeys {
  std::string anchor;           ///< thumbprint of the pinned key
  std::vector<PublicKey> keys;  ///< of the delegation
};
Result<RecordKeys> verify_authority(store::Database& database, const Authority& authority,
                                    UnixTime now);

}  // namespace cp::identity
