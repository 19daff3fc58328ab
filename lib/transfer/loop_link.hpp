// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "transfer/link.hpp"
#include "transfer/rail_desk.hpp"
#include "transfer/tcp_door.hpp"

#include <chrono>
#include <memory>
#include <thread>

namespace cp::transfer {

/// The way to this process: a session of a server on a thread of its own, whose streams go over the
/// loopback as those of another machine would. The talk goes over a pair of sockets that nobody
/// else can reach, and who connects to the streams' port has to prove the session.
class LoopLink final : public Link {
 public:
  /// Chunks are sealed when SEALS.
  LoopLink(bool seals, std::chrono::nanoseconds silence) : seals_(seals), silence_(silence) {}
  ~LoopLink() override;

  /// Once.
  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;

 private:
  void serve(std::unique_ptr<net::Stream> stream, const std::stop_token& stop);

  const bool seals_;
  const std::chrono::nanoseconds silence_;
  fabric::Loader fabrics_;
  RailDesk desk_;
  std::unique_ptr<TcpDoor> door_;
  std::stop_source stop_;
  std::thread server_;
};

}  // namespace cp::transfer
