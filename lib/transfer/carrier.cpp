// SPDX-License-Identifier: Apache-2.0
#include "transfer/carrier.hpp"

namespace cp::transfer {

Result<std::vector<std::unique_ptr<ChunkSender>>> as_senders(Carriers carriers,
                                                             std::uint32_t window) {
  std::vector<std::unique_ptr<ChunkSender>> senders;
  for (const auto& carrier : carriers) {
    CP_TRY_ASSIGN(auto sender, carrier->as_sender(window));
    senders.push_back(std::move(sender));
  }
  return senders;
}

Result<std::vector<std::unique_ptr<ChunkReceiver>>> as_receivers(Carriers carriers,
                                                                 std::uint32_t window) {
  std::vector<std::unique_ptr<ChunkReceiver>> receivers;
  for (const auto& carrier : carriers) {
    CP_TRY_ASSIGN(auto receiver, carrier->as_receiver(window));
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

}  // namespace cp::transfer
