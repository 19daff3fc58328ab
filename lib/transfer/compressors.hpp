// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/zstd.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace cp::transfer {

/// Compressors that the streams of a transfer, or of all transfers of a server, take turns with, so
/// that many streams, at whatever levels, take no more than limits::compressing_bytes. Whoever
/// comes first gets one first. Safe on any thread.
class Compressors {
 public:
  /// A compressor, and what it has grown to.
  struct Grown {
    std::unique_ptr<ZstdCompressor> one;
    std::size_t bytes = 0;
  };

  /// A compressor for as long as this lives.
  class Lease {
   public:
    Lease(Compressors& home, Grown grown) : home_(home), grown_(std::move(grown)) {}
    ~Lease() {
      if (grown_.one) {
        home_.take_back(std::move(grown_));
      }
    }
    Lease(Lease&&) noexcept = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    ZstdCompressor* operator->() const { return grown_.one.get(); }

   private:
    Compressors& home_;
    Grown grown_;
  };

  /// One for LEVEL; waits while those at work leave no memory for it.
  Lease lend(int level);
  /// How many may work at LEVEL at a time; one at least.
  static std::size_t most(int level);
  /// What all of them take, those that nobody works with, too.
  std::size_t bytes() const;
  /// How many wait for one.
  std::size_t waiting() const;

 private:
  Grown take_idle(std::size_t bytes);
  void trim();
  void take_back(Grown grown);

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable free_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t served_ = 0;
  std::size_t lent_bytes_ = 0;
  std::size_t idle_bytes_ = 0;
  std::vector<Grown> idle_;
};

}  // namespace cp::transfer
