// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/child_limits.hpp"
#include "identity/estate.hpp"
#include "identity/registry_client.hpp"
#include "identity/resolver_store.hpp"

#include <map>
#include <mutex>
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

/// What all of those share that follow feeds in one run, on several threads if they like.
struct SyncRun {
  const ChildLimitTable& limits;
  /// TrustStore::newest_heads as the run began. A head that is no older than these is no replay,
  /// though another registry of its prefix has shown a newer one since.
  std::map<std::string, std::int64_t> heads;
  std::mutex writing{};  ///< the stores here are written by one at a time
};

/// Follows the feed of the registry at BASE, which is one of PREFIX ("": of any), from where it was
/// left: every entry's hash and number,
/// every document's signature on as many threads as there are processors, the head at the end.
/// What holds is kept in ESTATE's trust and STORE, piece by piece, so that it goes on where it was
/// broken off; while the registry is waited for, the stores are free. What does not hold any more,
/// by what the registry itself or those above it have signed since (identity/standing.hpp), is
/// refused and counted, and the run goes on. All else is told by the feed's status:
///
/// Entries beyond the newest head that holds may be anybody's: their records prove themselves, what
/// else they say counts when a head has named them (`Feed::confirmed`), and where the feed
/// disagrees later they are dropped, and followed anew from there.
///
///   complete  all up to its head is here
///   stale     it cannot be asked, or its head has expired, or another registry of its prefix has
///             shown a newer one in this run; what is here is older
///   missing   it cannot be asked, or is another prefix's, and nothing of it is here
///   gap       entries are missing, or documents that should be there, now or since an earlier run
///   lying     its head, a hash or a signature never held, or it went back
///   limited   there is more of it than RUN's limits allow, or too much at once; what fits is here
///
/// An error only when the stores here fail, or STOP was asked.
Result<Synced> sync_feed(Estate& estate, ResolverStore& store, RegistryClient& client,
                         const std::string& base, const std::string& prefix, SyncRun& run,
                         const std::stop_token& stop);

}  // namespace cp::identity
