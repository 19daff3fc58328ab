// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/message.hpp"

namespace cp::transfer {

/// What a sender tells the receiving end beside the chunks. The receiver in this process and the
/// one behind a control connection look the same from here. Safe on any thread; an error ends the
/// transfer.
class FarEnd {
 public:
  virtual ~FarEnd() = default;
  virtual Result<void> tell(const Entries& entries) = 0;
  virtual Result<void> tell(const FileEnd& end) = 0;
  /// An item that failed at the source.
  virtual Result<void> tell(const ItemFailed& failed) = 0;
  virtual Result<void> tell(const Totals& totals) = 0;
  /// Files that the far end has from an earlier attempt, and that are not sent.
  virtual Result<void> tell(const Kept& kept) = 0;
  /// Files that it may have already; it answers each offer (Answers).
  virtual Result<void> tell(const Offer& offer) = 0;
  virtual Result<void> tell(const Same& same) = 0;
  virtual Result<void> tell(const Present& present) = 0;
  /// Every chunk is placed, and nothing more comes.
  virtual Result<void> tell(const Finish& finish) = 0;
};

/// Is told what the receiving end could not take: paths are those of the transfer. Safe on any
/// thread.
class ReceiveEvents {
 public:
  virtual ~ReceiveEvents() = default;
  virtual void item_failed(const ItemFailed& failed) = 0;
  /// More is durable than was.
  virtual void became_durable(const Durable& /*all*/) {}
  /// To the oldest offer that has none yet.
  virtual void answered(const Answer& /*answer*/) {}
};

}  // namespace cp::transfer
