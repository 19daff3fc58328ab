// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/rail.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace cp::transfer {

/// A connected stream that has no direction yet.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Turns it into one end of a rail with a window of WINDOW chunks; once.
  virtual Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) = 0;
  virtual Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t window) = 0;
  /// The connection beneath, or -1; it is closed with the end of the rail.
  virtual int fd() const { return -1; }
};

using Carriers = std::vector<std::unique_ptr<Carrier>>;

Result<std::vector<std::unique_ptr<ChunkSender>>> as_senders(Carriers carriers,
                                                             std::uint32_t window);
Result<std::vector<std::unique_ptr<ChunkReceiver>>> as_receivers(Carriers carriers,
                                                                 std::uint32_t window);

}  // namespace cp::transfer
