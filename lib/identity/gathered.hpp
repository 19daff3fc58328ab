// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/judge.hpp"
#include "identity/resolver_store.hpp"
#include "identity/trust_store.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::identity {

struct Resolved;  // identity/resolved.hpp

/// What this machine has gathered from others: the records that `sync` has followed feeds for, and
/// states that were published to it. Reads only, and asks nobody. For one thread.
class Gathered {
 public:
  /// Opens the stores in STATE_DIRECTORY, or makes them there. Errors as store::Database::open.
  static Result<std::unique_ptr<Gathered>> open(const std::string& state_directory,
                                                const Clock& clock);

  /// The feeds that were followed, but for those of which nothing came.
  Result<std::vector<ResolverStore::Feed>> feeds();

  /// Each record of FEED's prefix, and of those below that have no feed of their own, that has not
  /// ended, its signature and chain verified anew; until
  /// STOP is asked.
  Result<void> for_each(const ResolverStore::Feed& feed,
                        const std::function<Result<void>(Resolved)>& each,
                        const std::stop_token& stop);

  /// The newest state of CODE that was published here, its signature verified under ANCHOR's chain;
  /// it may have run out since. nullopt when there is none that holds otherwise.
  Result<std::optional<model::Json>> state(const std::string& code, const std::string& anchor);

 private:
  Result<std::vector<std::string>> prefixes_of(const ResolverStore::Feed& feed);
  Result<void> for_each_of(const std::string& prefix, const ResolverStore::Feed& feed,
                           const std::function<Result<void>(Resolved)>& each,
                           const std::stop_token& stop);

  Gathered(store::Database database, ResolverStore answers, const Clock& clock);

  store::Database database_;
  ResolverStore answers_;
  TrustStore trust_;
  Judge judge_;
};

}  // namespace cp::identity
