// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "net/stream.hpp"
#include "transfer/carrier.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// Where a server's rail connections meet the sessions that wait for them: each proves with a
/// token, good for once, which session it belongs to. Safe on any thread.
class RailDesk {
 public:
  explicit RailDesk(Random& random) : random_(random) {}

  /// Tokens for COUNT streams of one session, withdrawn when this is dropped.
  class Reservation {
   public:
    Reservation(RailDesk& desk, std::size_t count);
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    const std::vector<std::string>& tokens() const { return tokens_; }
    /// Waits until every token was presented; timed_out after PATIENCE or on STOP.
    Result<std::vector<std::unique_ptr<net::Stream>>> collect(std::chrono::nanoseconds patience,
                                                              std::stop_token stop);
    /// What has come by now; a token that comes later is refused.
    std::vector<std::unique_ptr<net::Stream>> take_arrived();

   private:
    RailDesk& desk_;
    std::vector<std::string> tokens_;
  };

  /// Hands in a connection that presented TOKEN; denied when nobody waits for it.
  Result<void> deliver(const std::string& token, std::unique_ptr<net::Stream> stream);

 private:
  Random& random_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any arrived_;
  /// A token that nobody has presented yet has no stream.
  std::map<std::string, std::unique_ptr<net::Stream>> expected_;
};

/// A connection that will be one end of a rail.
std::unique_ptr<Carrier> make_stream_carrier(std::unique_ptr<net::Stream> stream);

/// COUNT bytes that nobody can guess.
std::string make_token(Random& random);

}  // namespace cp::transfer
