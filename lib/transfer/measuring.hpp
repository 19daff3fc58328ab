// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/effort.hpp"
#include "transfer/rail.hpp"

#include <memory>
#include <vector>

/// The two ends of a measurement from memory to memory: a rail does all that it does in a transfer,
/// the digest of each chunk included, and no disk and no walk has a part in it.
namespace cp::transfer {

/// How much is measured, and until when.
struct MeasuringTime {
  std::chrono::nanoseconds duration{};
  /// How long after that the other end may take for what is on its way then.
  std::chrono::nanoseconds patience{};
};

/// Sends memory over STREAMS for the time's duration, at PACER's rate, waits until all of it has
/// been taken, and ends the streams. timed_out when that was not in time, or on STOP; what the
/// streams say.
Result<Effort> pour(std::vector<std::unique_ptr<ChunkSender>> streams, MeasuringTime time,
                    double bytes_per_second, const std::stop_token& stop);

/// Takes what comes over STREAMS until they end, and checks it. As `pour`, and protocol for a chunk
/// that is not what its header says.
Result<Effort> swallow(std::vector<std::unique_ptr<ChunkReceiver>> streams, MeasuringTime time,
                       const std::stop_token& stop);

}  // namespace cp::transfer
