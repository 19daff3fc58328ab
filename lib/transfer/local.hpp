// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/far_end.hpp"
#include "transfer/rail.hpp"
#include "transfer/taker.hpp"
#include "transfer/tally.hpp"

#include <functional>
#include <vector>

namespace cp::transfer {

/// The receiver of this process as a sender sees it.
class LocalFarEnd final : public FarEnd {
 public:
  /// Borrows RECEIVER.
  explicit LocalFarEnd(Taker& receiver) : receiver_(receiver) {}
  Result<void> tell(const Entries& entries) override;
  Result<void> tell(const FileEnd& end) override;
  Result<void> tell(const ItemFailed& failed) override;
  Result<void> tell(const Totals& totals) override;
  Result<void> tell(const Kept& kept) override;
  Result<void> tell(const Offer& offer) override;
  Result<void> tell(const Same& same) override;
  Result<void> tell(const Present& present) override;
  Result<void> tell(const Finish& finish) override;

 private:
  Taker& receiver_;
};

/// The rail between two ends in one process: the sender's thread places its chunk itself.
class LocalRail final : public ChunkSender {
 public:
  /// Borrows RECEIVER and TALLY. FATAL is called with an error that ends the transfer.
  LocalRail(Taker& receiver, Tally& tally, std::function<void(const Error&)> fatal);

  Result<std::span<std::byte>> slot() override;
  Result<void> send(ChunkHeader header) override;
  std::uint64_t placed() const override { return sequence_; }
  Result<void> drain() override { return {}; }
  void interrupt() override { receiver_.interrupt(); }

 private:
  Taker& receiver_;
  Tally& tally_;
  std::function<void(const Error&)> fatal_;
  std::vector<std::byte> slot_;
  std::uint64_t sequence_ = 0;
};

}  // namespace cp::transfer
