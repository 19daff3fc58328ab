// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/delegation.hpp"
#include "identity/holding.hpp"
#include "identity/trust_store.hpp"
#include "model/json_fwd.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cp::identity {

/// How much a head may declare void: all of it is kept by whoever has seen the head.
inline constexpr std::size_t kMaxRevoked = 1'000;
/// Whether HEAD keeps within that and 256 KiB; bad_data when it does not.
Result<void> check_head_size(const model::Json& head);

/// What a signed document is worth here and now.
struct Verdict {
  /// The newest head of an authority in the chain.
  struct Head {
    std::string prefix;
    std::int64_t seq = 0;
    UnixTime issued;
    UnixTime valid_until;
  };

  std::string trust;    ///< "verified", "unsigned" or "failed", as in cp.offer
  std::string reason;   ///< a word: "replay", "wrong_use", …; empty when it is verified
  std::string message;  ///< the same for people
  std::string anchor;   ///< thumbprint of the anchor that vouches; empty if none
  std::string key;      ///< thumbprint of the key that signed
  std::vector<std::string> chain;  ///< the prefixes from the anchor's to the signer's
  std::vector<Head> heads;         ///< of those in the chain whose head is known
  Holding grown{};                 ///< by how much a record that was remembered made the store grow
  bool is_superseded = false;      ///< an older version of an anchor's own delegation, which held

  bool holds() const { return trust == "verified"; }
};

/// Verifies documents from their signature over the chain of delegations to a pinned anchor, with
/// nothing but what TrustStore remembers (SECURITY §2): a record is good only under the delegation
/// of its own exact prefix, by a key that may sign its kind; validity is that of this clock, and
/// ends with the parent's; what a head revoked is void whatever its date. Signatures of a chain are
/// verified once by an object, windows of time at each use. For one thread; borrows what it is
/// given.
class Judge {
 public:
  struct Options {
    /// Each authority of a chain must have shown a valid head that was issued so long ago at most.
    std::optional<std::chrono::nanoseconds> max_head_age;
    /// Notes what is remembered of those below an anchor's children, for `forget_unused`.
    bool is_reader = false;
  };

  /// What a reader keeps below one child of an anchor beside that which something here stands on:
  /// delegations, and bytes of these and of heads.
  static constexpr std::int64_t kMostUnused = 1'000;
  static constexpr std::int64_t kMostUnusedBytes = 4LL << 20U;

  Judge(TrustStore& store, const Clock& clock);
  Judge(TrustStore& store, const Clock& clock, Options options);

  /// What DOCUMENT is worth, without remembering it. An error only when the store fails.
  Result<Verdict> examine(const model::Json& document);

  /// The same, and for what holds and is not longer than others would take it: compares it with the
  /// newest of its kind about its subject (an older one is a replay; another one of the same number
  /// is equivocation, and both are kept as evidence) and remembers it. A delegation extends the
  /// chains, a head revokes, an anchor's own delegation that its old and its new key signed moves
  /// the pin. A delegation whose time is over is remembered in the place of older ones, though it
  /// does not hold. Of an anchor's own delegations older ones hold, too, without any effect, where
  /// they were the newest here once, or one of their keys has signed the version that is known to
  /// have come next. Runs inside a transaction. LINE is what DOCUMENT was parsed from where that is
  /// one line, and is kept; else it is empty.
  Result<Verdict> accept(const model::Json& document, std::string_view line = {});

  /// As `accept`, for a DOCUMENT of which another Judge over the same store has just said VERDICT,
  /// which holds: its signature is not verified again. For records and states only.
  Result<Verdict> remember(const model::Json& document, const Verdict& verdict,
                           std::string_view line = {});

  /// Forgets again what a reader was told of those below an anchor's children, who can delegate to
  /// as many as they invent: where there is more than he keeps, what came with this Judge, the last
  /// first, but for that which a record here, a prefix below or the own authority stands on. Gives
  /// how many that were. Runs inside a transaction.
  Result<std::size_t> forget_unused();
  /// Whether there is anything of that kind.
  bool was_told() const { return !told_.empty(); }

  /// The delegation of PREFIX as verified now; denied when there is none.
  Result<Delegation> delegation(std::string_view prefix);
  /// The documents that a verifier needs for PREFIX besides its anchors, parents first:
  /// delegations, those of the anchor's own prefix in all their versions, the oldest first, then
  /// heads; denied as `delegation`.
  Result<std::vector<std::string>> evidence_for(std::string_view prefix);
  /// The key KID of PREFIX, which may sign USE now; denied, with the word for it as the hint, as a
  /// document that it signed would be.
  Result<PublicKey> key_of(std::string_view prefix, std::string_view kid, std::string_view use);
  /// The anchor that vouches for PREFIX; denied as `delegation`.
  Result<std::string> anchor_of(std::string_view prefix);

  /// What has declared the newest delegation of PREFIX that is known here void, or that of one
  /// above it. nullopt when nothing has, and where there is an anchor under which nothing has.
  Result<std::optional<Revocation>> revocation_of(std::string_view prefix);
  /// The same of the key KID of PREFIX.
  Result<std::optional<Revocation>> revocation_of_key(std::string_view prefix,
                                                      std::string_view kid);

 private:
  struct Authority;
  struct Case;
  struct Told {
    std::string anchor;
    std::string child;  // of the anchor's prefix
    std::string prefix;
  };
  using Views = std::map<std::pair<std::string, std::string>, std::shared_ptr<const Authority>>;

  Result<Verdict> judge(const model::Json& document, std::string_view line, bool remember);
  Result<void> try_anchor(const Anchor& anchor, Case& matter, bool remember);
  Result<void> judge_delegation(const Anchor& anchor, Case& matter);
  Result<void> judge_root(const Anchor& anchor, Case& matter);
  Result<bool> is_superseded(const Anchor& anchor, const Delegation& read, Case& matter);
  Result<void> check_time(const Delegation& read, Case& matter) const;
  Result<void> check_new_keys(const Anchor& anchor, const std::optional<Kept>& kept,
                              const Delegation& read, const std::vector<std::string>& signers);
  Result<void> judge_head(const Anchor& anchor, Case& matter);
  Result<void> judge_resource(const Anchor& anchor, Case& matter);
  Result<void> judge_state(const Anchor& anchor, Case& matter);
  Result<void> judge_successor(const Anchor& anchor, Case& matter, const std::string& successor);
  Result<std::string> signer_among(const Anchor& anchor,
                                   const std::vector<model::Json>& signed_alone,
                                   const Authority& authority);
  Result<std::string> signer_of(const Anchor& anchor, const model::Json& document,
                                const Authority& authority, std::string_view use);
  Result<void> check_key(const Anchor& anchor, const Authority& authority, std::string_view kid,
                         std::string_view use);
  Result<void> check_heads(const Anchor& anchor, Case& matter);
  Result<void> compare_and_keep(const Anchor& anchor, Case& matter);
  void note(const Anchor& anchor, const Kept& kept, bool is_new);
  Result<void> take_effect(const Anchor& anchor, const Case& matter);
  Result<void> take_head(const Anchor& anchor, const model::Json& head);
  Result<void> enter_revoked(const Anchor& anchor, const model::Json& head);

  Result<const Authority*> authority(const Anchor& anchor, std::string_view prefix);
  Result<Authority> load_authority(const Anchor& anchor, const std::string& prefix);
  Result<void> check_child(const Anchor& anchor, const Authority& parent, const Delegation& child);
  /// The first value that FIT gives for an anchor over PREFIX, in the user's order; else why the
  /// first of them did not fit.
  template <class Fit>
  std::invoke_result_t<Fit, const Anchor&> first_that_fits(std::string_view prefix, Fit fit);
  Result<std::pair<const Anchor*, const Authority*>> any_authority(std::string_view prefix);
  Result<std::optional<Verdict::Head>> head_of(const Anchor& anchor, const std::string& prefix);
  Result<void> load();
  void forget();
  Result<std::optional<Revocation>> revoked(const Anchor& anchor, std::string_view prefix,
                                            std::string_view what, std::string_view name,
                                            std::int64_t seq);
  Result<std::optional<Revocation>> revoked_above(const Anchor& anchor, std::string_view prefix);
  /// What FIND gives for every anchor over PREFIX, the first of them; nullopt where it gives none.
  template <class Find>
  Result<std::optional<Revocation>> under_every_anchor(std::string_view prefix, Find find);

  TrustStore& store_;
  const Clock& clock_;
  Options options_;
  bool loaded_ = false;
  std::int64_t version_ = 0;     // of the store that is in memory here
  std::vector<Anchor> anchors_;  // the longest prefix first
  std::map<std::array<std::string, 4>, std::optional<Revocation>>
      revocations_;         // that were asked for
  Views authorities_;       // by anchor and prefix
  std::vector<Told> told_;  // by others, and remembered
  std::map<std::pair<std::string, std::string>, std::optional<Verdict::Head>> heads_;
};

}  // namespace cp::identity
