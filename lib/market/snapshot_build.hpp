// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace cp::market {

/// Caches past this many rows are read from the database alone: a snapshot is made in memory.
inline constexpr std::int64_t kMostSnapshotRows = 8'000'000;

/// The stamp of what CACHE holds with SOURCES. A source's number stands for its rows: an import
/// takes a new one, and none is used again in the same database.
Result<SnapshotStamp> stamp_of(Cache& cache, std::span<const SourceInfo> sources);

/// Writes the snapshot of CACHE to PATH in place of what is there; timed_out when somebody else is
/// at it or the system has no memory to spare, failed when the cache is no longer the one of STAMP
/// or cannot be said in columns.
Result<void> build_snapshot(Cache& cache, const std::string& path, const SnapshotStamp& stamp);

/// The snapshot of CACHE, made anew when there is none that fits. nullopt where none can be had
/// (too few rows to pay, fewer than LEAST_ROWS; a directory that cannot be written; a full disk):
/// the database answers then.
Result<std::optional<Snapshot>> snapshot_of(Cache& cache, std::span<const SourceInfo> sources,
                                            std::int64_t least_rows);

/// Removes the snapshot of CACHE, which turned out damaged.
void forget_snapshot(const Cache& cache);

/// Where the snapshot of CACHE stands.
std::string snapshot_path(const Cache& cache);

}  // namespace cp::market
