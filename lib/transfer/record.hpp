// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "transfer/message.hpp"
#include "transfer/rail_count.hpp"
#include "transfer/tally.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cp::transfer {

/// All that a cp.transfer/1 record says.
struct Account {
  std::string id;
  std::uint64_t attempt = 1;      ///< of those that went on with one another, this one included
  std::uint64_t connections = 1;  ///< to the other end, each with what the one before left
  UnixTime started_at;
  std::chrono::nanoseconds duration{};
  std::string rail;  ///< "local", "tcp", "fabric"
  std::string provider;
  std::size_t streams = 0;                             ///< at the end of it
  std::uint64_t window = 0;                            ///< bytes on their way on each, at most
  std::optional<std::chrono::nanoseconds> round_trip;  ///< where there is a path
  bool encrypted = false;
  /// What each kind carried, the first that of `rail`; none where nobody counts.
  std::vector<std::shared_ptr<RailCount>> rails;
  Compression compression = no_compression;  ///< that both ends agreed on
  std::vector<ItemFailed> failed;            ///< at most limits::failures_listed
  std::uint64_t failed_count = 0;
  std::optional<FinalResult> result;  ///< what stands at the destination
  std::optional<Error> error;         ///< what ended it early
  bool is_planned = false;            ///< a dry run
  std::vector<std::pair<std::string, std::string>>
      plan;                               ///< of a dry run: each source, and where to
  std::vector<std::string> would_delete;  ///< of a dry run; at most limits::failures_listed
  std::uint64_t would_delete_count = 0;
};

/// REQUEST's source as records have it, or the array of several.
model::Json sources_of(const Request& request);

/// The record of REQUEST's transfer; `running` while it has neither result nor error.
model::Json to_record(const Request& request, const Account& account, const Tally& tally);

}  // namespace cp::transfer
