// SPDX-License-Identifier: Apache-2.0
#include "transfer/measuring.hpp"

#include "base/random.hpp"
#include "transfer/limits.hpp"
#include "transfer/pacer.hpp"

#include <algorithm>
#include <set>

namespace cp::transfer {
namespace {

// A stream begins with small chunks, so that a slow line has little on its way when time is up.
constexpr std::size_t kFirstChunk = std::size_t{64} << 10U;
constexpr std::size_t kSmallestChunk = std::size_t{4} << 10U;
// Of a rate that was asked for: chunks so small that the last one hardly matters.
constexpr double kChunksPerSecond = 50;

std::size_t most_at(double bytes_per_second) {
  const double chunk = bytes_per_second / kChunksPerSecond;
  return bytes_per_second <= 0 || chunk > static_cast<double>(limits::chunk_bytes)
             ? limits::chunk_bytes
             : std::max(kSmallestChunk, static_cast<std::size_t>(chunk));
}

/// One stream's chunks of memory.
class Pouring {
 public:
  Pouring(ChunkSender& stream, Pacer& pacer, std::size_t most, const std::stop_token& halt)
      : stream_(stream), pacer_(pacer), most_(most), halt_(halt) {}

  Result<std::uint64_t> run(SteadyTime end) {
    do {
      CP_TRY(send_one());
    } while (SystemClock().steady() < end && !halt_.stop_requested());
    CP_TRY(stream_.drain());
    return sent_;
  }

 private:
  std::size_t next_size() const {
    const std::uint64_t doublings = std::min<std::uint64_t>(stream_.placed(), 4);
    return std::min(kFirstChunk << doublings, most_);
  }

  Result<void> send_one() {
    CP_TRY_ASSIGN(const auto slot, stream_.slot());
    if (filled_.insert(slot.data()).second) {
      // Memory that was never written to would be read too fast, and zeros would shrink.
      KernelRandom().fill(slot.first(limits::chunk_bytes));
    }
    const auto payload = slot.first(next_size());
    pacer_.wait(payload.size(), halt_);
    ChunkHeader header{.is_pack = true,
                       .id = ++count_,
                       .length = static_cast<std::uint32_t>(payload.size()),
                       .digest = leaf_digest(payload)};
    CP_TRY(stream_.send(header));
    sent_ += payload.size();
    return {};
  }

  ChunkSender& stream_;
  Pacer& pacer_;
  const std::size_t most_;
  const std::stop_token& halt_;
  std::set<const std::byte*> filled_;
  std::uint64_t count_ = 0;
  std::uint64_t sent_ = 0;
};

Result<std::uint64_t> swallow_one(ChunkReceiver& stream) {
  std::uint64_t taken = 0;
  while (true) {
    CP_TRY_ASSIGN(const auto chunk, stream.next());
    if (!chunk) {
      return taken;
    }
    if (chunk->header.is_compressed() || leaf_digest(chunk->payload) != chunk->header.digest) {
      return fail(Errc::protocol, "a chunk that is not what its header says");
    }
    taken += chunk->payload.size();
    CP_TRY(stream.placed());
  }
}

template <class Stream>
EffortBounds bounds_of(const std::vector<std::unique_ptr<Stream>>& streams, SteadyTime latest,
                       const std::stop_token& stop) {
  return {.latest = latest,
          .stop = stop,
          .late = "the other end does not keep up",
          .interrupt = [&streams] {
            for (const auto& stream : streams) {
              stream->interrupt();
            }
          }};
}

}  // namespace

Result<Effort> pour(std::vector<std::unique_ptr<ChunkSender>> streams, MeasuringTime time,
                    double bytes_per_second, const std::stop_token& stop) {
  const SteadyTime end = SystemClock().steady() + time.duration;
  Pacer pacer(bytes_per_second);
  const std::size_t most = most_at(bytes_per_second);
  return work_together(
      streams.size(),
      [&](std::size_t i, const std::stop_token& halt) {
        return Pouring(*streams[i], pacer, most, halt).run(end);
      },
      bounds_of(streams, end + time.patience, stop));
}

Result<Effort> swallow(std::vector<std::unique_ptr<ChunkReceiver>> streams, MeasuringTime time,
                       const std::stop_token& stop) {
  const SteadyTime latest = SystemClock().steady() + time.duration + time.patience;
  return work_together(
      streams.size(),
      [&](std::size_t i, const std::stop_token& /*halt*/) { return swallow_one(*streams[i]); },
      bounds_of(streams, latest, stop));
}

}  // namespace cp::transfer
