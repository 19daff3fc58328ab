// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "model/json_fwd.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

/// Giving a prefix, and taking it. A child's request is its own cp.delegation, signed by itself;
/// the parent's answer is the same document with the parent's terms and signature. Both are files,
/// so that the keys that delegate may lie on a machine without a network.
namespace cp::identity {

/// What the parent says where it does not take the request's word.
struct Terms {
  std::optional<std::string> name;
  /// Absent: as it was; at first as asked for, but none above the parent's.
  std::optional<std::string> level;
  std::optional<std::string> label;  ///< absent: the one that the child has, if any
  std::optional<bool> may_delegate;  ///< absent: as the child may now; so does its max_depth
  std::optional<int> max_depth;
  std::vector<std::string> registries;  ///< none: as asked for, else as they were
  std::optional<UnixTime> not_before;
  std::optional<UnixTime> not_after;  ///< absent: as it was; at first as asked for
  /// The child lost its keys, or was revoked and gets its prefix anew: do not ask the old ones.
  bool replace = false;
};

/// REVOCATION, of a key or a delegation, for people: "the key K was revoked by prefix P: WHY".
std::string in_words(const Revocation& revocation);

/// The delegation that answers REQUEST under TERMS, not signed. denied when the request is not
/// signed by a key that it names, or by one that was revoked, when a child that was delegated
/// already signs with none of its keys or was revoked, when the request is older than its last
/// answer and names other keys, when the authority may not delegate, or a sibling has the label;
/// bad_data when it is no request for a prefix just below, or too long.
Result<model::Json> prepare_delegation(Estate& estate, const model::Json& request,
                                       const Terms& terms);

/// As `prepare_delegation`, signed by the authority's key.
Result<model::Json> answer_request(Estate& estate, const model::Json& request, const Terms& terms);

/// Enters DELEGATION, which one of the authority's keys has signed, in the ledger. Must run inside
/// a transaction. denied when it does not hold or does not follow the child's last one.
Result<void> enter_delegation(Estate& estate, const model::Json& delegation);

/// Whether one of the authority's keys that may delegate has signed DOCUMENT.
bool is_signed_by_authority(Estate& estate, const model::Json& document);

/// The delegations and heads that a verifier of PREFIX's documents needs beside the anchor, parents
/// first; for a child the child's delegation stands behind its parents'.
Result<std::vector<model::Json>> chain_of(Estate& estate, std::string_view prefix);

/// Takes what the parent, or whoever holds the authority's own keys, has signed: DOCUMENTS are the
/// chain from the anchor, the authority's delegation among them, which it gives back. Must run
/// inside a transaction. denied when nothing among them is verified for the authority's prefix, or
/// it names none of the keys that the authority asked for.
Result<model::Json> accept_delegation(Estate& estate, std::span<const model::Json> documents);

}  // namespace cp::identity
