// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "transfer/agreement.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/transfer.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// What each stage of a transfer can do alone.
namespace cp::transfer {

struct BenchRequest {
  /// How the other end is reached, which rail is measured (automatic: each that goes there) with
  /// how many streams, and at what rate. Its sources and destination say nothing.
  Request way;
  std::optional<Location> far;  ///< the other end; none: this process, over the loopback
  std::vector<Direction> directions{Direction::push, Direction::pull};
  /// Of each measurement, at most limits::measuring_time.
  std::chrono::milliseconds time{};
  bool rails_only = false;  ///< nothing that this machine does by itself
  std::string directory;    ///< whose disk is measured; empty: none
};

/// Told while it is measured, on the thread that called `bench`.
class BenchEvents {
 public:
  virtual ~BenchEvents() = default;
  /// WHAT comes next, in a few words.
  virtual void begins(std::string_view what) = 0;
  /// A cp.bench/1 record.
  virtual void measured(const model::Json& record) = 0;
  /// WHAT could not be measured; the others are.
  virtual void failed(const Error& error, std::string_view what) = 0;
};

/// Measures what REQUEST names, one after the other: each rail in each direction from memory to
/// memory, then on this machine what the threads of a transfer do beside, and the disk; at the end
/// a verdict on each direction. An error when the other end cannot be reached at all or does not
/// know measurements (unavailable), and on STOP (timed_out).
Result<void> bench(const BenchRequest& request, BenchEvents& events, const std::stop_token& stop);

/// The operand HOST of a bench: cpx://HOST[:PORT][/PATH], or [USER@]HOST with or without a colon
/// and a path. usage for anything else.
Result<Location> parse_bench_host(std::string_view text);

}  // namespace cp::transfer
