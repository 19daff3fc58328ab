// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/registry_view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cp::identity {

/// How things stand with one authority. A passive value; its texts are foreign.
struct AuthorityStatus {
  std::string prefix;
  std::string name;
  std::string level;
  std::string label;
  std::vector<std::string> registries;
  std::optional<UnixTime> not_after;
  std::int64_t records = 0;   ///< of its prefix and below, that are here
  std::int64_t evidence = 0;  ///< times that it said two things at once
  std::int64_t head_seq = 0;  ///< of its newest head that is known here
  std::optional<UnixTime> head_issued;

  /// How far its registry was followed: as ResolverStore::Feed::status, or "unasked" when it never
  /// was, "" when it has none (what is here was handed in), "revoked", "expired" and their kin when
  /// its delegation does not hold now.
  std::string verdict;
  std::string problem;                ///< for people
  std::int64_t seq = 0;               ///< the last entry of its ledger that is here
  std::int64_t ledger_seq = 0;        ///< the last that there is, as it says
  std::optional<UnixTime> synced_at;  ///< when it was complete last
  std::optional<UnixTime> tried_at;   ///< when it was asked last
};

/// How things stand with a registry.
struct RegistryStatus {
  AuthorityStatus own;
  std::int64_t allocated = 0;
  std::int64_t ledger_seq = 0;
  std::vector<AuthorityStatus> children;  ///< those below, of all levels, in the order of arcs
  UnixTime as_of;
};

/// Counts what VIEW has: tens of milliseconds for a million records.
Result<RegistryStatus> registry_status(RegistryView& view);

}  // namespace cp::identity
