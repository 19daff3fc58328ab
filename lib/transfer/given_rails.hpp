// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"
#include "transfer/control.hpp"
#include "transfer/rail_host.hpp"
#include "transfer/session_keys.hpp"

#include <future>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// Streams that join a session, and how many chunks may be on their way on each.
struct JoiningStreams {
  Carriers carriers;
  std::uint32_t window = 0;
};

/// A server's rails of other kinds than the one that a session began with: each is made ready on a
/// thread of its own when the client wants it, while data moves. For the thread that converses.
class GivenRails {
 public:
  struct Parts {
    Control& control;  ///< borrowed, as the next three
    RailDesk& desk;
    fabric::Loader& fabrics;
    Random& random;
    SessionSecret secret;
    bool needs_sealing = false;  ///< none carries clear text
    std::string host;            ///< as of RailWish, as the next three
    std::string door;
    std::string asked_address;
    std::optional<PortRange> ports;
  };
  explicit GivenRails(Parts parts) : parts_(std::move(parts)) {}
  /// Gives up what is being made.
  ~GivenRails();
  GivenRails(const GivenRails&) = delete;
  GivenRails& operator=(const GivenRails&) = delete;

  /// Follows a client's RailWanted. protocol.
  Result<void> take(const Message& message);
  /// The streams that have come since the last call.
  std::vector<JoiningStreams> take_arrived();

 private:
  Result<JoiningStreams> make(const RailWanted& wanted) const;
  Result<std::unique_ptr<RailHost>> make_host(const RailWanted& wanted, RailGiven& given) const;

  Parts parts_;
  std::set<std::uint64_t> numbers_;  ///< of those that were wanted
  std::stop_source stop_;
  std::vector<std::future<Result<JoiningStreams>>> making_;
};

/// The keys of the streams of TOKENS, of the rail that was wanted as NUMBER in the session of
/// SECRET.
std::vector<RailKeys> keys_of_other_rail(SessionSecret secret, std::uint64_t number, bool sealed,
                                         const std::vector<std::string>& tokens);

}  // namespace cp::transfer
