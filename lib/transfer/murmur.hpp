// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"

#include <thread>

namespace cp::transfer {

/// Says now and then over a control connection that this end is alive, as long as it stands: while
/// its owner reads whole files and has nothing else to say. Where the system has no thread to spare
/// it says nothing, and a peer that waits for long gives up. It has to go before the last message:
/// a peer that ends with a ping unread would reset the connection, and what it said would be lost.
class Murmur {
 public:
  /// Borrows CONTROL.
  explicit Murmur(Control& control);

 private:
  std::jthread thread_;
};

}  // namespace cp::transfer
