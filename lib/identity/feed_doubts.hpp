// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/resolver_store.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cp::identity {

/// What a feed has shown that nothing can be said of yet. Documents by keys that its authority does
/// not have: its ledger may say later, or have said before, that it gave them up. And records for
/// which a delegation or an anchor is missing here: they are judged again in each run. Kept beside
/// the feed's cursor, since a run may be broken off in between. Borrows STORE; what writes runs
/// inside the caller's transaction.
class FeedDoubts {
 public:
  FeedDoubts(ResolverStore& store, std::string url) : store_(store), url_(std::move(url)) {}

  /// The ledger says that KEY was replaced, or is void.
  Result<void> retire(const std::string& key);
  /// Whether it has said so of one of KEYS.
  Result<bool> is_retired(const std::vector<std::string>& keys);

  struct Doubt {
    std::string key;
    std::string subject;  ///< a code or a prefix
    std::string problem;  ///< for people
  };
  /// Remembers DOUBT; a few of each key are enough.
  Result<void> add(const Doubt& doubt);
  /// Those whose keys the ledger has not given up.
  Result<std::vector<Doubt>> open();

  struct Unjudged {
    std::string subject;
    std::int64_t entry = 0;
    std::string document;  ///< on one line
  };
  /// Puts ONE off; false when too many are waiting already (1,000, or 16 MiB of them).
  Result<bool> put_off(const Unjudged& one);
  Result<std::vector<Unjudged>> waiting();

  /// SUBJECT was judged, or has a newer document, which holds.
  Result<void> forget(const std::string& subject);

 private:
  ResolverStore& store_;
  std::string url_;
};

}  // namespace cp::identity
