// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/agreement.hpp"
#include "transfer/carrier.hpp"
#include "transfer/control.hpp"
#include "transfer/link.hpp"
#include "transfer/preface.hpp"

#include <chrono>
#include <memory>
#include <stop_token>

namespace cp::transfer {

/// A client's end of a session until data moves: connected, greeted, agreed.
class Client {
 public:
  /// Connects over LINK, which is borrowed, and greets the far end for PURPOSE. What the link says,
  /// protocol, unavailable for a far end that is too old to carry out an order.
  static Result<std::unique_ptr<Client>> connect(Link& link, std::chrono::nanoseconds silence,
                                                 std::stop_token stop,
                                                 Purpose purpose = Purpose::control);
  Client(Link& link, std::unique_ptr<net::Stream> stream, std::chrono::nanoseconds silence,
         std::stop_token stop);

  Control& control() { return control_; }
  /// What the far end has said of itself.
  const Hello& far() const { return far_; }
  /// How long the way there and back takes: what the link has seen, or what our first words took.
  std::chrono::nanoseconds round_trip() const { return round_trip_; }

  /// Says what is wanted, and hears what is given.
  Result<Opened> open(Open open);
  /// Opens the streams that were agreed on for the beginning, and says that they stand.
  Result<Carriers> connect_rails(const Opened& opened);
  /// How many that may join later are left.
  std::size_t more_rails() const { return more_.size(); }
  /// Opens COUNT of those at most, beside the talk, while no other thread does.
  Result<Carriers> connect_more(const Opened& opened, std::size_t count,
                                const std::stop_token& stop);
  /// Asks for a rail of another kind beside what was agreed on, and fills in whether it is sealed.
  Result<void> want(RailWanted& wanted);
  /// Opens what was GIVEN for it, SEALED as it was wanted, beside the talk. Any thread.
  Result<Carriers> connect_given(const RailGiven& given, bool sealed, const std::stop_token& stop);
  /// Whether the chunks of what was agreed on are sealed.
  bool is_sealed() const { return secret_.sealed; }

 private:
  Result<void> greet(Purpose purpose);

  Link& link_;
  Control control_;
  Hello far_;
  SessionSecret secret_;
  std::chrono::nanoseconds round_trip_{};
  std::vector<RailKeys> more_;  ///< of streams that nobody has opened yet
  std::chrono::nanoseconds silence_;
  std::stop_token stop_;
};

}  // namespace cp::transfer
