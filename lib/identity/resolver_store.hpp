// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/child_limits.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// What registries have said, and until when it counts. The documents themselves, verified, are in
/// TrustStore; here stands which one a name meant, and where a feed was left. May be lost: it is
/// asked for again. In resolver.db of the state directory.
class ResolverStore {
 public:
  /// Opens or makes it; where nothing can be written it falls back to reading, or to memory. Errors
  /// as store::Database::open.
  static Result<ResolverStore> open(const std::string& state_directory);
  /// Whether there is one already.
  static bool exists(const std::string& state_directory);

  /// What NAME (a code, an alias, a foreign code, a registry's URL) meant.
  struct Answer {
    std::string code;     ///< empty: there is none
    std::string anchor;   ///< under which the record was verified
    std::string source;   ///< the registry's URL
    std::string message;  ///< why there is none
    UnixTime fetched_at;
    UnixTime fresh_until;
  };
  Result<std::optional<Answer>> find(std::string_view name);
  Result<void> keep(std::string_view name, const Answer& answer);

  /// A record that a feed named so.
  struct Named {
    std::string code;
    std::string anchor;
  };
  /// Every record that NAME, an alias or a foreign code, stood in.
  Result<std::vector<Named>> named(std::string_view name);
  /// Makes NAMES those of the record CODE, and no others.
  Result<void> set_names(const Named& record, const std::vector<std::string>& names);

  /// A place in a feed, and what had come of it there.
  struct FeedPoint {
    std::int64_t seq = 0;
    std::string hash;  ///< of the entry with that number: "sha256:…"
    std::int64_t records = 0;
    std::int64_t refused = 0;
  };
  /// How far the feed of the registry at a URL was followed.
  struct Feed {
    std::string url;
    std::string prefix;
    std::int64_t seq = 0;
    std::string hash;     ///< of the entry with that number: "sha256:…"
    std::string status;   ///< "complete", "stale", "missing", "gap", "lying" or "limited"
    std::string problem;  ///< for people
    std::int64_t head_seq = 0;
    std::int64_t records = 0;  ///< documents that were verified and kept
    std::int64_t refused = 0;
    UnixTime synced_at;   ///< when it was complete last; 1970 when never
    UnixTime tried_at;    ///< when it was asked last
    Usage entries;        ///< what it has used of the rate that it may have
    Usage traffic;        ///< the same of bytes
    FeedPoint confirmed;  ///< the last entry that a head which held has named
  };
  Result<std::optional<Feed>> feed(std::string_view url);
  Result<std::vector<Feed>> feeds();
  Result<void> keep_feed(const Feed& feed);

  /// Points of the feed at URL that a head may still name.
  Result<void> keep_point(std::string_view url, const FeedPoint& point);
  Result<std::optional<FeedPoint>> point_at(std::string_view url, std::int64_t seq);
  /// Forgets those from FIRST to LAST.
  Result<void> forget_points(std::string_view url, std::int64_t first, std::int64_t last);

  store::Database& database() { return database_; }

 private:
  explicit ResolverStore(store::Database database) : database_(std::move(database)) {}
  store::Database database_;
};

}  // namespace cp::identity
