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
};

/// What the receiving end says meanwhile. Safe on any thread; must not block.
class FarEvents {
 public:
  virtual ~FarEvents() = default;
  virtual void item_failed(const ItemFailed& failed) = 0;
  virtual void placed(const Placed& placed) = 0;
};

}  // namespace cp::transfer
