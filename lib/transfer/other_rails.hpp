// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/client.hpp"
#include "transfer/given_rails.hpp"
#include "transfer/report.hpp"

#include <future>
#include <memory>
#include <stop_token>
#include <vector>

namespace cp::transfer {

/// A client's rails of other kinds than the one that its session began with: it asks the server for
/// them, opens them beside what moves, and lets them carry when they stand. One that cannot be set
/// up is missing, and the report says why. For the thread that converses.
class OtherRails {
 public:
  /// Those that REQUEST wants. Borrows all.
  OtherRails(Client& client, const Request& request, Report& report);
  /// Gives up what is being opened.
  ~OtherRails();
  OtherRails(const OtherRails&) = delete;
  OtherRails& operator=(const OtherRails&) = delete;

  /// Streams that carry from now on, and what counts them.
  struct Joined {
    JoiningStreams streams;
    std::shared_ptr<RailCount> count;
  };
  /// To be called about ten times a second: those that stand since the last call.
  std::vector<Joined> tick();
  /// Follows a server's RailGiven. protocol.
  Result<void> take(const Message& message);

 private:
  struct One {
    RailWanted wanted;
    std::shared_ptr<RailCount> count;
    bool is_asked = false;
    std::uint32_t window = 0;
    std::future<Result<Carriers>> opening;
  };
  void ask(One& one);
  void begin_opening(One& one, RailGiven given);

  Client& client_;
  Report& report_;
  std::stop_source stop_;
  std::vector<One> rails_;
};

}  // namespace cp::transfer
