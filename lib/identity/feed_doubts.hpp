// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/resolver_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cp::identity {

/// What a feed has shown that nothing can be said of yet. Documents by keys that its authority does
/// not have: its ledger may say later, or have said before, that it gave them up. Records for
/// which a delegation or an anchor is missing here: they are judged again in each run. And records
/// that it speaks of without showing them: a newer version may come, or they are missing. Kept
/// beside the feed's cursor, since a run may be broken off in between. All of it is what entries
/// say that nobody may have signed: it counts when a head has confirmed them, and goes with them
/// when it does not (`go_back`). Borrows STORE; what writes runs inside the caller's transaction.
class FeedDoubts {
 public:
  /// CONFIRMED: the newest entry that a head has named.
  FeedDoubts(ResolverStore& store, std::string url, std::int64_t confirmed)
      : store_(store), url_(std::move(url)), confirmed_(confirmed) {}

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
  /// Those that are confirmed, and whose keys the ledger has not given up by then.
  Result<std::vector<Doubt>> open();

  struct Unjudged {
    std::string subject;
    std::int64_t entry = 0;
    std::string document;  ///< on one line
  };
  /// Puts ONE off; false when too many are waiting already (1,000, or 16 MiB of them).
  Result<bool> put_off(const Unjudged& one);
  Result<std::vector<Unjudged>> waiting();

  struct Withheld {
    std::string subject;
    std::int64_t entry = 0;
    std::int64_t record_seq = 0;
    std::string record;  ///< its digest, "sha256:…"
  };
  /// Remembers that ONE was not shown; 100,000 are enough.
  Result<void> withhold(const Withheld& one);
  /// ENTRY shows version RECORD_SEQ of SUBJECT: that one and older ones are withheld no more.
  Result<void> show(const std::string& subject, std::int64_t record_seq, std::int64_t entry);
  /// What is withheld, of each record the newest version.
  Result<std::vector<Withheld>> withheld();

  /// SUBJECT was judged, or has a newer document, which holds, in ENTRY.
  Result<void> forget(const std::string& subject, std::int64_t entry);

  /// All up to ENTRY is so for good.
  Result<void> confirm(std::int64_t entry);
  /// What came behind the last one that is so was none of its ledger's.
  Result<void> go_back();

 private:
  Result<void> run_confirmed(std::string_view statement);
  Result<void> clear(std::string_view statement, const std::string& subject, std::int64_t entry);
  Result<std::int64_t> count_withheld();

  ResolverStore& store_;
  std::string url_;
  std::int64_t confirmed_;
  std::optional<std::int64_t> withheld_;  // how many there are
};

}  // namespace cp::identity
