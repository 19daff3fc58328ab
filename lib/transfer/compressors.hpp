// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/zstd.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cp::transfer {

/// Compressors that the streams of a transfer, or of all transfers of a server, take turns with, so
/// that many streams at a high level take no more than limits::compressing_bytes. Safe on any
/// thread.
class Compressors {
 public:
  /// A compressor for as long as this lives.
  class Lease {
   public:
    Lease(Compressors& home, std::unique_ptr<ZstdCompressor> one)
        : home_(home), one_(std::move(one)) {}
    ~Lease() { home_.take_back(std::move(one_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    ZstdCompressor* operator->() const { return one_.get(); }

   private:
    Compressors& home_;
    std::unique_ptr<ZstdCompressor> one_;
  };

  /// One for LEVEL; waits while as many are at work as there is memory for at that level.
  Lease lend(int level);
  /// How many may work at LEVEL at a time; one at least.
  static std::size_t most(int level);

 private:
  void take_back(std::unique_ptr<ZstdCompressor> one);

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable free_;
  std::size_t lent_ = 0;
  /// The last one back is the next to go, so that few of them grow.
  std::vector<std::unique_ptr<ZstdCompressor>> idle_;
};

}  // namespace cp::transfer
