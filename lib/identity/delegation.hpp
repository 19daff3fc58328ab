// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/key.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// What a key may sign: "delegate", "record", "state", "head" or "token".
bool is_use(std::string_view word);
/// What a key must be for to sign a document of SCHEMA ("cp.resource/1": "record"); "" when nobody
/// signs such a document.
std::string_view use_of(std::string_view schema);

/// A key that a delegation names.
struct DelegatedKey {
  PublicKey key;
  std::vector<std::string> uses;
  std::optional<UnixTime> not_before;
  std::optional<UnixTime> not_after;

  /// Whether it may sign USE at NOW by its delegation's words; that it was revoked is told
  /// elsewhere.
  bool may(std::string_view use, UnixTime now) const;
  bool is_for(std::string_view use) const;
};

/// A cp.delegation/1 that was read: plain values, nothing of which is believed yet.
struct Delegation {
  std::string prefix;
  std::optional<std::string> parent;  ///< none at a root
  std::string label;
  std::int64_t seq = 0;
  std::vector<DelegatedKey> keys;
  bool may_delegate = false;
  int max_depth = 0;  ///< levels below it
  std::optional<UnixTime> not_before;
  std::optional<UnixTime> not_after;

  const DelegatedKey* find(std::string_view thumbprint) const;
};

/// The delegation in DOCUMENT; bad_data, with the field and what it should be, for anything that
/// its schema does not have, a key that stands there twice, and a parent that is not just above.
Result<Delegation> read_delegation(const model::Json& document);

/// How much a delegation may hold: whoever asks a registry gets those of all children at once, and
/// whoever follows it asks all of their registries.
inline constexpr std::size_t kMaxDelegationBytes = 16U << 10U;  ///< on one line, as it is stored
inline constexpr std::size_t kMaxDelegationUrls = 8;
inline constexpr std::size_t kMaxDelegationKeys = 32;

/// Whether DOCUMENT keeps within those bounds; bad_data when it does not. Apart from
/// `read_delegation`, which reads also what was kept before there were any.
Result<void> check_delegation_size(const model::Json& document);

/// PREFIX without its last arc; nullopt for a single arc.
std::optional<std::string> parent_of_prefix(std::string_view prefix);

}  // namespace cp::identity
