// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"
#include "transfer/counterpart.hpp"
#include "transfer/file_sum.hpp"
#include "transfer/message.hpp"
#include "transfer/selection.hpp"
#include "transfer/source.hpp"
#include "transfer/tally.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

/// How two ends compare trees: whoever has the sources sums them and hands the sums over by the
/// batch, and whoever has the destination reads what stands there and says what is another. Only
/// names and digests travel. Of a large file the other end hears before it is read, so that both
/// read at once.
namespace cp::transfer {

/// Takes what a batch of sums says. An error ends it all.
using TakeSums = std::function<Result<void>(const Summed& summed)>;
/// Is told which large file is read now; from many threads.
using TellSumBegun = std::function<void(const SumBegun& begun)>;
/// Is told what could not be read, or is another; from many threads.
using TellFailed = std::function<void(ItemFailed failed)>;

/// Sums SELECTION of SOURCES and hands the sums to TAKE, from one thread at a time; TALLY counts
/// them; TICK is called about ten times a second on the caller's thread. CONTROL (nullptr: none)
/// hears of us meanwhile.
struct SumHere {
  const std::vector<Source>& sources;  ///< borrowed
  SumKind kind = SumKind::xxh3_128_tree;
  const Selection& selection;  ///< borrowed
  TakeSums take;
  TellSumBegun begins;
  TellFailed failed;
  Tally& tally;
  std::function<void()> tick;
  Control* control = nullptr;
};
Result<void> sum_here(const SumHere& what, const std::stop_token& stop);

/// Hears the sums that the other end of CONTROL makes, up to a Finish, hands each batch to TAKE,
/// and lets it go on. All is called on the caller's thread, TICK about ten times a second while
/// nothing else is. denied for paths that lead out, protocol for more than limits::summed_items;
/// timed_out when the other end is gone, or silent for SILENCE.
struct SumThere {
  Control& control;  ///< borrowed
  TakeSums take;
  TellSumBegun begins;
  TellFailed failed;
  std::chrono::nanoseconds silence;
  std::function<void()> tick;
};
Result<void> sum_there(const SumThere& what, const std::stop_token& stop);

/// Compares each of a batch with COUNTERPART here, some at a time. Borrows it. timed_out
/// "interrupted" when it was stopped.
TakeSums check_here(Counterpart& counterpart, TellFailed failed);
/// Begins to read what stands there of a file that is summed. Borrows COUNTERPART.
TellSumBegun begin_here(Counterpart& counterpart);

/// Lets the other end of CONTROL do so, and waits for what it says: protocol when that is not of
/// what it was asked, each at most once. Borrows CONTROL.
TakeSums check_there(Control& control, TellFailed failed, std::chrono::nanoseconds silence);
TellSumBegun begin_there(Control& control);

}  // namespace cp::transfer
