// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "net/stream.hpp"
#include "transfer/carrier.hpp"
#include "transfer/session_keys.hpp"

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

/// A connection that proved a session, and its keys.
struct ProvenStream {
  std::unique_ptr<net::Stream> stream;
  RailKeys keys;
};

/// Where a server's rail connections meet the sessions that wait for them: each claims, once, a
/// stream of a session, and proves that it has the session's key. Safe on any thread.
class RailDesk {
 public:
  /// Waits for the streams of one session, until this is dropped.
  class Reservation {
   public:
    Reservation(RailDesk& desk, std::vector<RailKeys> rails);
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// Waits until the first COUNT streams have come, and takes what is there; timed_out after
    /// PATIENCE or on STOP.
    Result<Carriers> collect(std::size_t count, std::chrono::nanoseconds patience,
                             std::stop_token stop);
    Result<std::vector<ProvenStream>> collect_streams(std::size_t count,
                                                      std::chrono::nanoseconds patience,
                                                      std::stop_token stop);
    /// What has come by now and was not taken yet.
    Carriers take_arrived();

   private:
    bool has_come(const RailKeys& keys) const;
    std::vector<ProvenStream> take_streams();

    RailDesk& desk_;
    std::vector<RailKeys> rails_;
  };

  /// Hands in a connection that presented CLAIM (limits::claim_bytes), and answers it; denied when
  /// nobody waits for it, and for one that does not have the key.
  Result<void> deliver(std::string_view claim, std::unique_ptr<net::Stream> stream);

 private:
  struct Place {
    const RailKeys* keys = nullptr;
    std::unique_ptr<net::Stream> stream;  ///< none: it has not come yet
  };
  static std::string token_of(const RailKeys& keys);

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any arrived_;
  std::map<std::string, Place, std::less<>> expected_;  ///< by token
};

/// A connection that will be one end of a rail.
std::unique_ptr<Carrier> make_stream_carrier(std::unique_ptr<net::Stream> stream,
                                             Sealing sealing = {});

/// Takes the server's word from STREAM that it has the key of KEYS, too: denied when it has not,
/// and when it shows the client out.
Result<void> hear_rail_answer(net::Stream& stream, const RailKeys& keys, SteadyTime deadline);

/// limits::token_bytes that nobody can guess.
std::string make_token(Random& random);

}  // namespace cp::transfer
