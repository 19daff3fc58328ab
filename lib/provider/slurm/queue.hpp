// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a Slurm and the wrapper of a job say of it, and what follows from that.
namespace cp::provider::slurm {

/// One job in Slurm's queue, or in what it still remembers of ended ones.
struct Row {
  std::string id;
  std::string state;  ///< "PENDING", "OUT_OF_MEMORY"
  std::string reason;
  std::optional<UnixTime> ended_at;
  std::optional<Exit> exit;  ///< of one that has ended and left no record of its own
};

/// What the wrapper of one token left, and the rows that carry the token in their names.
struct Seen {
  std::string fence;  ///< the number of the job that holds it, "canceled", or "" when nobody does
  bool started = false;
  std::optional<UnixTime> started_at;
  std::optional<Observation> ended;  ///< by the wrapper's own record
  bool was_submitted = false;        ///< somebody called sbatch
  bool is_submitting = false;        ///< a call of sbatch is under way
  std::optional<UnixTime> submitted_at;
  std::optional<UnixTime> missed_since;  ///< since when neither queue nor record knew how it is
  std::string directory;
  std::vector<Row> rows;
};

/// Everything about some tokens, at one moment of the provider's clock.
struct Picture {
  UnixTime now{};
  std::map<Token, Seen> seen;
};

/// The text for sh that asks for it, after `command_prelude`: r is the directory of all jobs, and
/// the tokens stand in the standard input, one a line.
std::string_view ask_script();

/// What `ask_script` printed. unavailable, with what Slurm said, when it does not answer; protocol
/// for what is cut or no such answer.
Result<Picture> read_picture(std::string_view output);

/// How the job of TOKEN stands by SEEN, at NOW. A job that neither the queue nor its own record
/// knows of is UNKNOWN at first, and lost when that lasts.
Observation observe(const Token& token, const Seen& seen, UnixTime now);

/// How long a submission may be on its way after sbatch has ended.
inline constexpr std::chrono::seconds settle_time{15};

}  // namespace cp::provider::slurm
