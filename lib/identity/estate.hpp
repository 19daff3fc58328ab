// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "identity/authority.hpp"
#include "identity/judge.hpp"
#include "identity/registry_store.hpp"
#include "identity/trust_store.hpp"
#include "store/database.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cp::identity {

/// What a state directory holds of this machine's identity: its trust, and its authority if it has
/// one. What the commands of an authority besides minting and registering work on; each opens one,
/// does its work in one transaction, and ends. Borrows clock and random numbers. For one thread.
struct Estate {
  /// Opens or makes identity.db in STATE_DIRECTORY, which must be there.
  static Result<std::unique_ptr<Estate>> open(const std::string& state_directory,
                                              const Clock& clock, Random& random,
                                              Passphrase passphrase = nullptr);

  /// not_found, with the hint to run `cpid init`, when there is no authority.
  Result<void> require_authority() const;
  RegistryStore registry() { return {database, *authority}; }
  /// As identity::signing_key.
  Result<PrivateKey> key_for(std::string_view use);
  /// The authority's newest delegation.
  Result<model::Json> own_delegation() const;
  /// Makes DOCUMENT the authority's delegation.
  Result<void> set_delegation(const model::Json& document, bool accepted);
  UnixTime now() const { return clock.now(); }

  Estate(store::Database opened, std::string directory, const Clock& time, Random& numbers,
         Passphrase words);

  store::Database database;
  std::string state_directory;
  const Clock& clock;
  Random& random;
  Passphrase passphrase;
  std::optional<Authority> authority;
  TrustStore trust;
  Judge judge;
};

}  // namespace cp::identity
