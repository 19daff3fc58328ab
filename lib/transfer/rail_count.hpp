// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/rail.hpp"
#include "transfer/tally.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cp::transfer {

/// What the streams of one kind of rail have carried in a transfer, and how many of them are left.
/// Safe on any thread.
class RailCount {
 public:
  RailCount(std::string kind, std::string provider)
      : kind_(std::move(kind)), provider_(std::move(provider)) {}

  const std::string& kind() const { return kind_; }
  /// Of a fabric, as far as it is known; "" else.
  std::string provider() const;
  /// As `--rail` names it.
  std::string name() const;
  void set_provider(std::string provider);

  /// So many streams carry from now on.
  void joined(std::size_t streams);
  void carried(const ChunkHeader& chunk) { bytes_ += ChunkHeader::encoded_bytes + chunk.on_wire(); }
  /// One of them broke.
  void broke(const Error& why);
  /// There is no such rail.
  void cannot(const Error& why);
  /// For another connection of the same transfer: what was carried stays.
  void begin_again();

  std::uint64_t bytes() const { return bytes_; }  ///< frames, what was sent again included
  std::size_t streams() const;                    ///< that still carry
  /// Why none of its streams carries; nullopt while one does, or may yet.
  std::optional<Error> error() const;

 private:
  const std::string kind_;
  std::atomic<std::uint64_t> bytes_{0};
  mutable std::mutex mutex_;  ///< guards what follows
  std::string provider_;
  std::size_t streams_ = 0;
  std::optional<Error> error_;
};

/// STREAMS, counted by COUNT from now on; one that fails before it is interrupted broke.
std::vector<std::unique_ptr<ChunkSender>> counted(std::vector<std::unique_ptr<ChunkSender>> streams,
                                                  const std::shared_ptr<RailCount>& count);
/// The same of those whose transfer TALLY counts, which is borrowed: once that is finishing, each
/// may come to its end.
std::vector<std::unique_ptr<ChunkReceiver>> counted(
    std::vector<std::unique_ptr<ChunkReceiver>> streams, const std::shared_ptr<RailCount>& count,
    const Tally& tally);

}  // namespace cp::transfer
