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
  /// Hands on what the tally has gathered, the progress when a tenth of a second has passed.
  void tick();
  /// The connection was lost, and there will be another: what failed will fail again.
  void begin_again();
  /// The record of the transfer, which is over.
  model::Json finish();

  Observer& observer() { return observer_; }

 private:
  void take_failed();

  const Request& request_;
  Observer& observer_;
  Tally tally_;
  Account account_;
  SteadyTime started_;
  SteadyTime shown_{};
};

}  // namespace cp::transfer
