// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/estate.hpp"
#include "identity/identifier.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// A signed document as it is stored, on one line.
struct StoredDocument {
  std::string code;
  std::int64_t seq = 0;
  std::string text;
};

/// The authority that knows more than this registry.
struct Referral {
  std::string prefix;
  std::vector<std::string> registries;  ///< base URLs that end with a slash
  std::string delegation;               ///< its cp.delegation/1 on one line
};

/// What a registry answers from: the records of its own authority, those of others that were
/// verified here (an aggregator's), and the delegations that say who else to ask. Reads only;
/// documents come as they were signed, since whoever asks verifies them himself. Statements are
/// kept, so one object serves many questions. For one thread; borrows ESTATE, which has an
/// authority.
class RegistryView {
 public:
  explicit RegistryView(Estate& estate) : estate_(estate) {}

  /// Whether PREFIX, another than this authority's, or one above it was revoked: of what was kept
  /// for it here nothing is shown any more. It stays in the store, and is shown again when the
  /// prefix was given anew.
  Result<bool> is_void(std::string_view prefix);

  /// The newest cp.resource/1 of ID, ended or not.
  Result<std::optional<StoredDocument>> record(const Identifier& id);
  /// The newest cp.state/1 of ID that is valid now.
  Result<std::optional<StoredDocument>> state(const Identifier& id);

  /// The codes whose records bear ALIAS ("@label/name"), where its label is their authority's
  /// (label_rule.hpp).
  Result<std::vector<std::string>> codes_of_alias(std::string_view alias);
  /// The codes whose records claim to be ID in SCHEME (also_known_as).
  Result<std::vector<std::string>> codes_known_as(std::string_view scheme, std::string_view id);

  /// Whoever knows about PREFIX: of the delegations known here, the longest that PREFIX lies below
  /// and that names registries; nullopt when that is this registry itself, or nobody.
  Result<std::optional<Referral>> referral(std::string_view prefix);
  /// The child to which LABEL was allotted, or whoever below the children, as far as that is known.
  Result<std::optional<Referral>> referral_of_label(std::string_view label);

  /// The newest head of this authority on one line; "" when there is none.
  Result<std::string> head();
  /// The same of PREFIX, as far as it is known here.
  Result<std::string> head(const std::string& prefix);
  /// The newest delegation of PREFIX that is known here.
  Result<std::optional<StoredDocument>> delegation(const std::string& prefix);
  /// The versions of this authority's own delegation that are known, each on one line: of a root
  /// all, of others the newest.
  Result<std::vector<std::string>> own_versions();
  /// What proves PREFIX, each document on one line: the delegations from the anchor down to it,
  /// those of the anchor's prefix in all their versions, and the newest heads on the way that are
  /// known here; denied as Judge::delegation.
  Result<std::vector<std::string>> evidence(const std::string& prefix);
  /// The delegations from the anchor down to this authority's own, each on one line, those of the
  /// anchor's prefix in all their versions; denied as Judge::delegation.
  Result<std::vector<std::string>> chain();
  /// The children's delegations in the order of their prefixes, each on one line.
  Result<std::vector<StoredDocument>> children();
  /// The newest delegations of all prefixes below that are known here, the children's included.
  Result<std::vector<StoredDocument>> below();

  Estate& estate() { return estate_; }

 private:
  Result<std::vector<std::string>> bearers(std::string_view alias,
                                           const std::vector<std::string>& codes);
  Result<std::optional<Referral>> referral_of_label_below(std::string_view label);
  Result<store::Statement*> statement(const char* sql);
  Result<std::optional<StoredDocument>> kept(const char* kind, const std::string& subject,
                                             std::string_view prefix);
  static Result<std::vector<StoredDocument>> all_of(store::Statement* row);
  Result<std::vector<std::string>> names(std::string_view scheme, std::string_view id);
  Result<bool> counts(std::string_view alias, std::string_view code);

  Estate& estate_;
  std::map<const char*, store::Statement> statements_;
};

}  // namespace cp::identity
