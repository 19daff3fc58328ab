// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// New keys in the place of old ones, and new terms of the authority's own delegation.
namespace cp::identity {

struct Rekeying {
  std::vector<std::string> uses;       ///< keys for any of these are replaced; empty: all
  std::chrono::nanoseconds overlap{};  ///< how long the old ones still hold
  std::string passphrase;              ///< encrypts the new key files, unless it is empty
};

/// Makes a new key (a file, durable) for each old one that REKEYING names, and a delegation that
/// has both until the overlap ends. A root's is signed here, by the old anchor and the new one
/// where that changes, and takes effect; a child's is a request to its parent, and takes effect by
/// `accept_delegation`. Must run inside a transaction. denied when no key is for these uses.
Result<model::Json> rekey(Estate& estate, const Rekeying& rekeying);

/// What an authority changes of its own delegation; what is absent stays as it was.
struct OwnChange {
  std::optional<std::string> name;
  std::optional<std::string> level;     ///< a root's; a child's is its parent's to give
  std::vector<std::string> registries;  ///< in the place of those before; none: they stay
  std::optional<UnixTime> not_after;    ///< as `level`
};

/// The authority's next delegation under CHANGE, with the same keys, not signed. usage when
/// it changes nothing of a root, or what is its parent's to give of a child.
Result<model::Json> prepare_renewal(Estate& estate, const OwnChange& change);

/// The same, signed: a root's by its anchor, though its time may be over, entered in the ledger and
/// in effect; a child's as a request to its parent. Must run inside a transaction. not_found when
/// the key is not here.
Result<model::Json> renew_own(Estate& estate, const OwnChange& change);

struct Renewal {
  std::vector<model::Json> delegations;  ///< that were entered
  std::vector<std::string> left_out;     ///< for people: each child and key that was not, and why
};

/// What every child was given, or those PREFIXES when there are any, signed anew by the newest key:
/// before the old key's day all children must have it. What was revoked does not come back by that:
/// such a child is left out, and such a key in the delegation of a child; and so is a child whose
/// time is over. Must run inside a transaction. not_found when one of PREFIXES was not delegated
/// here, denied when it would be left out.
Result<Renewal> renew_children(Estate& estate, std::span<const std::string> prefixes);

}  // namespace cp::identity
