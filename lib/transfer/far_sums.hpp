// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/client.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/sum_talk.hpp"
#include "transfer/tally.hpp"
#include "transfer/transfer.hpp"

#include <functional>
#include <memory>
#include <stop_token>

namespace cp::transfer {

/// A far end that sums what it has, or compares it: the cpxfer there. A shell alone does neither.
class FarSums {
 public:
  /// Meets the one at PLACE as REQUEST says that it is reached. unavailable when there is none, or
  /// one that is too old; what Link and Client say.
  static Result<std::unique_ptr<FarSums>> meet(const Request& request, const Location& place,
                                               const std::stop_token& stop);

  /// Lets it sum the paths of SOURCES there, all at its place, by KIND.
  Result<Incoming> give(const std::vector<Location>& sources, SumKind kind);
  /// Lets it compare what is INCOMING with what stands at its place.
  Result<void> take(const Incoming& incoming);

  Control& control() { return client_->control(); }
  const Location& place() const { return place_; }

  /// After `give`: hears its sums, with names as the user would write them, and counts them in
  /// TALLY. As sum_there has the rest.
  struct Hear {
    TakeSums take;
    TellSumBegun begins;
    TellFailed failed;
    Tally& tally;
    std::function<void()> tick;
  };
  Result<void> hear(const Hear& what, const std::stop_token& stop);
  /// After `take`: sums handed to that are compared there.
  TakeSums comparer(TellFailed failed);
  /// After all was compared: ends it.
  Result<void> finish();

 private:
  FarSums(const Request& request, Location place);
  Result<Opened> open(Open open);

  const Request& request_;
  const Location place_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<Client> client_;
};

/// Sums by KIND what is at PLACE, a far end, there, and hands it to what WHAT says. Errors as
/// FarSums and sum_there have them.
Result<void> sum_far(const Request& request, const Location& place, SumKind kind,
                     const FarSums::Hear& what, const std::stop_token& stop);

}  // namespace cp::transfer
