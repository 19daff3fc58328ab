// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

namespace cp::transfer {

/// How long each stream of a sender takes for a chunk, and whether one that is slow should leave
/// the last chunks to those that are done with them sooner. Safe on any thread.
class StreamPaces {
 public:
  using Stream = const void*;

  /// That STREAM took TOOK for its last chunk.
  void took(Stream stream, std::chrono::nanoseconds took);
  /// STREAM carries no more.
  void remove(Stream stream);

  /// Whether STREAM should take one of the LEFT chunks: not when streams that are twice as fast
  /// send all of them in the time that it takes for one. The fastest always should.
  bool should_take(Stream stream, std::size_t left) const;

 private:
  mutable std::mutex mutex_;
  std::map<Stream, double> paces_;  ///< nanoseconds for a chunk, of those that have sent some
};

}  // namespace cp::transfer
