// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/child_limits.hpp"
#include "identity/estate.hpp"
#include "identity/registry_client.hpp"
#include "identity/resolver_store.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// Following other registries' change feeds.
namespace cp::identity {

/// A document of a feed that was not taken.
struct Refusal {
  std::int64_t entry = 0;
  std::string subject;  ///< a code or a prefix
  std::string reason;   ///< as in Verdict
  std::string message;
};

/// What a run of `sync_feed` found and did.
struct Synced {
  ResolverStore::Feed feed;
  std::int64_t entries = 0;       ///< that came in this run
  std::vector<Refusal> refusals;  ///< of this run, the first 100
  double duration_s = 0;
};

/// Follows the feed of the registry at BASE, which is one of PREFIX ("": of any), from where it was
/// left: every entry's hash and number,
/// every document's signature on as many threads as there are processors, the head at the end.
/// What holds is kept in ESTATE's trust and STORE, page by page, so that it goes on where it was
/// broken off. What does not hold any more, by what the registry itself or those above it have
/// signed since (identity/standing.hpp), is refused and counted, and the run goes on. All else is
/// told by the feed's status:
///
/// Entries beyond the newest head that holds may be anybody's: their records prove themselves, what
/// else they say counts when a head has named them (`Feed::confirmed`), and where the feed
/// disagrees later they are dropped, and followed anew from there.
///
///   complete  all up to its head is here
///   stale     it cannot be asked, or its head has expired; what is here is older
///   missing   it cannot be asked, or is another prefix's, and nothing of it is here
///   gap       entries are missing, or documents that should be there
///   lying     its head, a hash or a signature never held, or it went back
///   limited   there is more of it than LIMITS allow, or too much at once; what fits is here
///
/// BOOTSTRAP is what the registry has just said of itself, unless it is to be asked here. An error
/// only when the stores here fail, or STOP was asked.
Result<Synced> sync_feed(Estate& estate, ResolverStore& store, RegistryClient& client,
                         const std::string& base, const std::string& prefix,
                         const ChildLimitTable& limits, const std::stop_token& stop,
                         std::optional<Result<nlohmann::ordered_json>> bootstrap = {});

}  // namespace cp::identity
