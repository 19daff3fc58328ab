// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/record.hpp"

namespace cp::transfer {

/// One transfer's account while it grows, and the voice to its observer. For the thread that called
/// `run`.
class Report {
 public:
  /// Borrows REQUEST and OBSERVER. ID is the transfer's.
  Report(const Request& request, Observer& observer, std::string id);

  Tally& tally() { return tally_; }
  Account& account() { return account_; }

  /// Says what carries the bytes, and whether encrypted.
  void begin(std::string rail, std::string provider, std::size_t streams, bool encrypted);
  /// Says that up to WINDOW chunks travel on each of them, over a path of ROUND_TRIP.
  void set_path(std::uint32_t window, std::chrono::nanoseconds round_trip);
  /// What counts the rail KIND of PROVIDER in this transfer, from its first connection on.
  std::shared_ptr<RailCount> rail(const std::string& kind, const std::string& provider);
  /// Hands on what the tally has gathered, the progress when a tenth of a second has passed.
  void tick();
  /// The connection was lost, and there will be another: what failed will fail again.
  void begin_again();
  /// The record of the transfer, which is over.
  model::Json finish();

  Observer& observer() { return observer_; }

 private:
  void take_failed();
  void tell_lost_rails();

  const Request& request_;
  Observer& observer_;
  Tally tally_;
  Account account_;
  SteadyTime started_;
  SteadyTime shown_{};
  std::vector<const RailCount*> told_lost_;
};

}  // namespace cp::transfer
