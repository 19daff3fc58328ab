// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/resolver_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cp::identity {

/// What a feed has shown that nothing can be said of yet. Documents by keys that its authority does
/// not have: its ledger may say later, or have said before, that it gave them up. And records for
/// which a delegation or an anchor is missing here: they are judged again in each run. Kept beside
/// the feed's cursor, since a run may be broken off in between. All of it is what entries say that
/// nobody may have signed: it counts when a head has confirmed them, and goes with them when it
/// does not (`go_back`). Borrows STORE; what writes runs inside the caller's transaction.
class FeedDoubts {
 public:
  FeedDoubts(ResolverStore& store, std::string url) : store_(store), url_(std::move(url)) {}

  /// ENTRY of the ledger says that KEY was replaced, or is void.
  Result<void> retire(const std::string& key, std::int64_t entry);
  /// Whether it has said so of one of KEYS, confirmed or not.
  Result<bool> is_retired(const std::vector<std::string>& keys);

  struct Doubt {
    std::string key;
    std::string subject;  ///< a code or a prefix
    std::string problem;  ///< for people
    std::int64_t entry = 0;
  };
  /// Remembers DOUBT; a few of each key are enough.
  Result<void> add(const Doubt& doubt);
  /// Those up to the entry CONFIRMED whose keys the ledger has not given up by then.
  Result<std::vector<Doubt>> open(std::int64_t confirmed);

  struct Unjudged {
    std::string subject;
    std::int64_t entry = 0;
    std::string document;  ///< on one line
  };
  /// Puts ONE off; false when too many are waiting already (1,000, or 16 MiB of them).
  Result<bool> put_off(const Unjudged& one);
  Result<std::vector<Unjudged>> waiting();

  /// SUBJECT was judged, or has a newer document, which holds, in ENTRY.
  Result<void> forget(const std::string& subject, std::int64_t entry);

  /// All up to ENTRY is so for good.
  Result<void> confirm(std::int64_t entry);
  /// What came behind ENTRY was none of its ledger's.
  Result<void> go_back(std::int64_t entry);

 private:
  Result<void> run(std::string_view statement, std::int64_t entry);
  Result<void> clear(std::string_view statement, const std::string& subject, std::int64_t entry);

  ResolverStore& store_;
  std::string url_;
};

}  // namespace cp::identity
