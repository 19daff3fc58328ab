// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"
#include "transfer/landing.hpp"
#include "transfer/message.hpp"
#include "transfer/source.hpp"
#include "transfer/sync.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// Of a dry run with `update` or `checksum`: what of the sources would move, and what stays.
namespace cp::transfer {

/// Where a transfer with PLAN on GROUND would land, when that directory is there.
std::optional<Landing> landing_if_there(const Ground& ground, const Plan& plan,
                                        const Incoming& incoming);

/// Looks at what stands at the destination of a dry run as `Comparer` does, and leaves it as it is.
/// What only other metadata would be given does not move. For one thread.
class Looker {
 public:
  /// THERE: nullopt when nothing is there.
  Looker(std::optional<Landing> there, Sync sync, std::stop_token stop)
      : there_(std::move(there)), sync_(sync), stop_(std::move(stop)) {}

  /// An item for each of ASK, in its order. Paths were judged.
  Answer answer(const Ask& ask) const;

 private:
  Answer::Item judge(const Entry& entry) const;
  Answer::Item judge_file(const Entry& entry, const struct stat& there) const;

  const std::optional<Landing> there_;
  const Sync sync_;
  const std::stop_token stop_;
};

/// How the destination is asked about a batch.
struct AskThere {
  std::function<Result<Answer>(const Ask& ask)> ask;  ///< empty: nobody is asked
  Control* control = nullptr;  ///< borrowed: what hears of us while we read; nullptr: nothing does
};

/// The destination is behind CONTROL; timed_out after SILENCE. Borrows CONTROL.
AskThere ask_over(Control& control, std::chrono::nanoseconds silence);
/// The other side of that, until a Finish.
Result<void> answer_asks(Control& control, const Looker& looker, std::chrono::nanoseconds silence,
                         std::stop_token stop);
/// Answers MESSAGE, which is an Ask.
Result<void> answer_to(const Message& message, const Looker& looker, Control& control);

/// Gathers what a walk of SOURCE finds, and says of it by the batch whether it would move.
class Sifter {
 public:
  using Take = std::function<Result<void>(const Entry& entry, bool moves)>;
  /// Borrows SOURCE and ASK; where nobody is asked everything moves.
  Sifter(const Source& source, const AskThere& ask, Take take, std::stop_token stop)
      : source_(source), ask_(ask), take_(std::move(take)), stop_(std::move(stop)) {}

  Result<void> add(Entry entry);
  /// Says of all that was added.
  Result<void> flush();

 private:
  std::vector<bool> judge(const Ask& asked, const Answer& answer) const;
  bool is_same(const Entry& entry, const Digest& there) const;

  const Source& source_;
  const AskThere& ask_;
  const Take take_;
  const std::stop_token stop_;
  Ask batch_;
  std::size_t bytes_ = 0;
};

}  // namespace cp::transfer
