// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// A machine without a scheduler that ssh reaches: what a job's shell has left there.
namespace cp::provider::ssh {

/// What is known of one token.
struct Seen {
  std::string fence;      ///< the process that holds it, "canceled", or "" when nobody does
  std::string elsewhere;  ///< the host that runs it, when it is another than the one that answers
  bool rebooted = false;  ///< the machine has been started anew since it was taken
  bool killed = false;    ///< its shell is no more, and left no record; nor is anything of the job
  bool started = false;
  std::optional<UnixTime> started_at;
  std::optional<Observation> ended;  ///< by its shell's own record
  std::optional<UnixTime> submitted_at;
  std::string directory;
};

/// Everything about some tokens, at one moment of the far clock.
struct Picture {
  UnixTime now{};
  std::map<Token, Seen> seen;
};

/// The text for sh that asks for it, where $r is the directory of all jobs, and the tokens stand in
/// the standard input, one a line. What a killed shell left running is ended.
std::string ask_script();

/// What `ask_script` printed; unavailable for what is cut or no such answer.
Result<Picture> read_picture(std::string_view output);

/// How the job of TOKEN stands by SEEN, at NOW.
Observation observe(const Token& token, const Seen& seen, UnixTime now);

/// How long a shell that was started may take to take its token.
inline constexpr std::chrono::seconds settle_time{5};

}  // namespace cp::provider::ssh
