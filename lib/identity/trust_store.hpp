// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/holding.hpp"
#include "identity/key.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// A key that this machine's owner trusts for a prefix and what lies below it.
struct Anchor {
  std::string prefix;
  PublicKey key;
  std::string pinned_at;
};

/// A document that was verified under an anchor: the newest of its kind about its subject.
struct Kept {
  std::string kind;     ///< "cp.delegation"
  std::string subject;  ///< a prefix or a code
  std::string signer;   ///< thumbprint, for kinds whose sequence starts anew with each key; else ""
  std::int64_t seq = 0;
  std::string text;  ///< on one line
};

/// What a head has declared void.
struct Revocation {
  std::string prefix;    ///< whose head said it
  std::string what;      ///< "key", "delegation" or "token"
  std::string name;      ///< a thumbprint, the child's prefix, or the token's jti
  std::int64_t seq = 0;  ///< delegations up to this sequence number; when the token expires
  std::string why;
};

/// What a verifier remembers: pinned anchors, the newest documents seen under each (SECURITY §2: so
/// that replay and equivocation show), what heads revoked, and evidence against those who said two
/// things at once. Everything is kept under its anchor's thumbprint, since prefix 0 means nothing
/// without one. Borrows its database; what writes runs inside the caller's transaction.
class TrustStore {
 public:
  explicit TrustStore(store::Database& database) : database_(database) {}

  /// Every anchor, or those whose prefix is PREFIX or above it, the longest first.
  Result<std::vector<Anchor>> anchors() const;
  Result<std::vector<Anchor>> anchors_above(std::string_view prefix) const;
  /// The codes of records here, this authority's own and others', verified once, that bear the
  /// alias or foreign code NAME.
  Result<std::vector<std::string>> codes_called(std::string_view name) const;
  /// Pins KEY for PREFIX; false when it was pinned already.
  Result<bool> pin(std::string_view prefix, const PublicKey& key, UnixTime now) const;
  /// Unpins what THUMBPRINT names, for PREFIX only unless that is empty, and forgets all that was
  /// verified under it. Gives how many pins that were.
  Result<std::int64_t> unpin(std::string_view prefix, std::string_view thumbprint) const;
  /// Puts KEY in the place of the anchor OLD of PREFIX, also in the order of the pins; what was
  /// seen under OLD stays seen.
  Result<void> replace(std::string_view prefix, std::string_view old, const PublicKey& key,
                       UnixTime now) const;

  Result<std::optional<Kept>> find(std::string_view anchor, std::string_view kind,
                                   std::string_view subject, std::string_view signer = {});
  /// The versions of the own delegation of PREFIX, which is ANCHOR's, the oldest first, each on one
  /// line: the newest kMaxSuccession that were kept.
  static constexpr std::int64_t kMaxSuccession = 64;
  Result<std::vector<Kept>> succession(std::string_view anchor, std::string_view prefix) const;
  /// Keeps a version that is not the newest; `keep` does so with the newest of an anchor's.
  Result<void> keep_in_succession(std::string_view anchor, const Kept& kept) const;
  /// A delegation that gives its prefix a label.
  struct Allotted {
    std::string anchor;
    std::string prefix;
    std::string delegation;
  };
  /// Every one with LABEL that was kept, those under the anchor that was pinned first before
  /// others; under one anchor those nearer to it, and then those that were known with it first.
  Result<std::vector<Allotted>> allotted(std::string_view label) const;

  /// The number of the newest head of each prefix.
  Result<std::map<std::string, std::int64_t>> newest_heads() const;

  Result<void> keep(std::string_view anchor, const Kept& kept, UnixTime now);
  /// How many delegations below PREFIX are kept under ANCHOR, and the bytes of these and of heads.
  Result<Holding> chains_below(std::string_view anchor, std::string_view prefix) const;
  /// Forgets the delegation of PREFIX, its head and what they say, and gives how much that was:
  /// nothing, where a record, a delegation below or the own authority stands on it.
  Result<Holding> forget_unless_needed(std::string_view anchor, std::string_view prefix) const;
  /// Keeps TEXT and what it stands AGAINST, two signed documents of one sequence number.
  Result<void> keep_evidence(std::string_view anchor, const Kept& kept, std::string_view against,
                             UnixTime now) const;
  Result<std::int64_t> count_evidence() const;
  /// A number that changes when another process has written.
  Result<std::int64_t> version();

  /// What a head of PREFIX itself, or the authority here, has said of the WHAT that NAME names.
  Result<std::optional<Revocation>> revocation(std::string_view anchor, std::string_view prefix,
                                               std::string_view what, std::string_view name);
  /// How much heads of PREFIX have declared void under ANCHOR.
  Result<std::int64_t> count_revocations(std::string_view anchor, std::string_view prefix) const;
  Result<void> forget_revocations(std::string_view anchor, std::string_view prefix) const;
  /// Whether a head of PREFIX, or the authority here, has declared the token JTI of PREFIX void.
  Result<bool> is_token_revoked(std::string_view prefix, std::string_view jti) const;
  Result<void> revoke(std::string_view anchor, const Revocation& revocation) const;

 private:
  Result<void> keep_names(const Kept& kept);
  Result<void> keep_label(std::string_view anchor, const Kept& kept) const;

  store::Database& database_;
  std::optional<store::Statement> find_;
  std::optional<store::Statement> find_revoked_;
  std::optional<store::Statement> forget_names_;
  std::optional<store::Statement> keep_;
  std::optional<store::Statement> version_;
};

}  // namespace cp::identity
