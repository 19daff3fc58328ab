// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/effort.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

/// What this machine alone does in a transfer, each stage for itself, on as many threads as a
/// transfer has streams.
namespace cp::transfer {

struct StageTime {
  int threads = 1;
  std::chrono::nanoseconds duration{};
  std::stop_token stop{};
};

/// The digests of chunks that lie in memory.
Result<Effort> bench_hash(const StageTime& time);
/// The same chunk again and again under AES-256-GCM.
Result<Effort> bench_seal(const StageTime& time);
/// Random hexadecimal digits, which shrink to about half, through zstd at its level 1.
Result<Effort> bench_compress(const StageTime& time);

/// The disk of one directory, by files without a name that nothing is left of.
class DiskBench {
 public:
  /// not_found, denied, cannot_create.
  static Result<DiskBench> open(const std::string& directory, int files);

  /// Writes a file on each thread, and syncs it each few mebibytes, until the time is over or half
  /// of what was free is used. io.
  Result<Effort> write(const StageTime& time);
  /// Reads what was written, once, or as far as the time goes; from the disk where the kernel lets
  /// go of what it has in memory.
  Result<Effort> read(const StageTime& time);

 private:
  DiskBench(std::vector<UniqueFd> files, std::uint64_t room)
      : files_(std::move(files)), written_(files_.size()), room_(room) {}

  std::vector<UniqueFd> files_;
  std::vector<std::uint64_t> written_;  ///< of each file
  std::uint64_t room_;                  ///< for each file
};

}  // namespace cp::transfer
