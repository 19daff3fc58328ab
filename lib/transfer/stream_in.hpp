// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/chunk_reader.hpp"
#include "transfer/far_end.hpp"
#include "transfer/tally.hpp"
#include "transfer/work.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>

namespace cp::transfer {

/// Reads a stream that is the source of a transfer to its end, once, and queues what it holds as
/// one file whose length nobody knows before. What is on its way is kept in memory until it is
/// placed, so that a broken rail's chunks go out by another; nothing is ever read again. For one
/// thread.
class StreamIn {
 public:
  struct Parts {
    const Source& source;  ///< borrowed, as all of it
    FarEnd& far;
    WorkQueue& queue;
    Tally& tally;
    ReadEvents& events;
    const std::atomic<bool>& is_given_up;  ///< nobody wants the rest
    std::stop_token stop;
  };
  explicit StreamIn(Parts parts) : parts_(std::move(parts)) {}

  /// timed_out "interrupted" on STOP, or what the far end or the events say. That the stream cannot
  /// be read is the item's failure.
  Result<void> run();

 private:
  Result<std::shared_ptr<const std::vector<std::byte>>> read_block();
  Result<std::size_t> read_once(std::span<std::byte> out);
  Result<void> queue_all(const Entry& entry);

  Parts parts_;
};

}  // namespace cp::transfer
