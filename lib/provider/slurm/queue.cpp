// SPDX-License-Identifier: Apache-2.0
#include "provider/slurm/queue.hpp"

#include "base/text.hpp"
#include "provider/shell/end_record.hpp"

#include <algorithm>
#include <array>

namespace cp::provider::slurm {
namespace {

using namespace std::chrono_literals;
using model::JobReason;
using model::JobState;
using shell::time_in;

// A job that Slurm has forgotten and that left no record is given up after that: its last record
// may lie in the cache of a network file system.
constexpr auto kGrace = 120s;

// r is the directory of all jobs. Names end in the token, which holds no dot. What the wrapper
// wrote is shown line by line behind the token; a row of the queue, behind "row". The queue comes
// first: a job that has ended there has left its record.
constexpr std::string_view kAsk = R"sh(
echo "now $(date +%s)"
if ! q=$(squeue -h -r -t all -u "$(id -u)" -o 'row|%i|%T|%e|%r|%j' 2>&1 </dev/null); then
  printf 'failed %s\n' "$q"
  exit 0
fi
while read -r t; do
  d=$r/$t
  [ ! -e "$d/submitted" ] || echo "$t submitted $(cat "$d/submitted")"
  [ ! -e "$d/work" ] || echo "$t work $(cd "$d/work" 2>/dev/null && pwd -P)"
  [ ! -e "$r/fences/$t" ] || sed -n "s/^job /$t fence /p" "$r/fences/$t"
  [ ! -e "$d/started" ] || sed -n "s/^at /$t started /p" "$d/started"
  [ ! -e "$d/ended" ] || sed "s/^/$t ended /" "$d/ended"
  [ ! -e "$d/missed" ] || echo "$t missed $(cat "$d/missed")"
  if [ -e "$d/lock" ] && command -v flock >/dev/null 2>&1; then
    flock -n "$d/lock" true || echo "$t submitting"
  fi
done
printf '%s\n' "$q"
printf '%s\n' "$q" | sed -n 's/^row|\([0-9]*\)|\([A-Z_]*\)|.*\.\([a-z0-9_-]*\)$/\1 \2 \3/p' |
  while read -r i state t; do
    case $state in
      COMPLETED | CANCELLED | FAILED | TIMEOUT | NODE_FAIL | PREEMPTED | OUT_OF_MEMORY | BOOT_FAIL | DEADLINE)
        [ ! -e "$r/$t/submitted" ] || [ -e "$r/$t/ended" ] ||
          scontrol -o show job "$i" 2>/dev/null |
          sed -n "s/.* ExitCode=\([0-9]*\):\([0-9]*\) .*/$t code $i \1 \2/p" ;;
    esac
  done
echo whole
)sh";

bool is_over(const Row& row) {
  constexpr std::array kOver{"COMPLETED", "CANCELLED",     "FAILED",    "TIMEOUT",  "NODE_FAIL",
                             "PREEMPTED", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE", "REVOKED"};
  return std::ranges::find(kOver, row.state) != kOver.end();
}

bool waits(const Row& row) {
  return row.state == "PENDING" || row.state == "CONFIGURING" || row.state.starts_with("REQUEUE") ||
         row.state == "SPECIAL_EXIT";
}

bool is_held(const Row& row) {
  return row.state == "PENDING" &&
         (row.reason.starts_with("JobHeld") || row.reason == "DependencyNeverSatisfied");
}

// What Slurm has done to the job; nothing where it ended by itself.
struct End {
  std::string_view state;
  JobState ours;
  JobReason reason;
};
constexpr std::array kEnds{End{"TIMEOUT", JobState::failed, JobReason::timeout},
                           End{"DEADLINE", JobState::failed, JobReason::timeout},
                           End{"OUT_OF_MEMORY", JobState::failed, JobReason::out_of_memory},
                           End{"NODE_FAIL", JobState::failed, JobReason::node_lost},
                           End{"BOOT_FAIL", JobState::failed, JobReason::node_lost},
                           End{"PREEMPTED", JobState::failed, JobReason::preempted},
                           End{"REVOKED", JobState::canceled, JobReason::canceled},
                           End{"CANCELLED", JobState::canceled, JobReason::canceled}};

bool apply_end(const Row& row, Observation& seen) {
  const auto* const found = std::ranges::find(kEnds, row.state, &End::state);
  if (found == kEnds.end()) {
    return false;
  }
  seen.state = found->ours;
  seen.reason = found->reason;
  return true;
}

const Row* row_of(const Seen& seen, const std::string& id) {
  const auto found = std::ranges::find(seen.rows, id, &Row::id);
  return found == seen.rows.end() ? nullptr : &*found;
}

void take_row(const Row& row, Observation& out) {
  out.native_id = row.id;
  out.native_state = row.state;
  if (!row.reason.empty() && row.reason != "None") {
    out.native_state += " (" + row.reason + ")";
  }
}

Observation missing(const Seen& seen, UnixTime now, Observation out) {
  out.native_state = "absent";
  out.never_ran = false;
  if (seen.missed_since && now - *seen.missed_since > kGrace) {
    out.state = JobState::failed;
    out.reason = JobReason::lost;
    out.never_ran = seen.fence.empty();
    out.message = out.never_ran ? "Slurm does not know it any more, and it ran nothing"
                                : "it has ended, and left no record of how";
  }
  return out;
}

// A job that has taken the fence, or ended without it.
Observation observe_row(const Seen& seen, const Row& row, UnixTime now, Observation out) {
  take_row(row, out);
  out.started_at = seen.started_at;
  if (!is_over(row)) {
    out.state = is_held(row)                  ? JobState::held
                : waits(row) || !seen.started ? JobState::queued
                                              : JobState::active;
    return out;
  }
  out.ended_at = row.ended_at;
  out.never_ran = seen.fence.empty();
  out.exit = out.never_ran ? std::nullopt : row.exit;
  if (out.started_at && row.ended_at && *row.ended_at >= *out.started_at) {
    out.ran_for = *row.ended_at - *out.started_at;
  }
  if (apply_end(row, out)) {
    return out;
  }
  if (out.never_ran) {
    out.state = JobState::failed;
    out.reason = JobReason::provider_error;
    out.message = "it could not be begun where Slurm started it";
    return out;
  }
  // It ended by itself, and its own record is not here yet, or never will be.
  return missing(seen, now, std::move(out));
}

Result<Row> read_row(std::string_view line, Token& token) {
  const auto parts = text::split(line, '|');
  constexpr std::size_t fields = 6;
  if (parts.size() < fields) {
    return fail(Errc::protocol, "squeue prints a line that cannot be read");
  }
  Row row{std::string(parts[1]), std::string(parts[2]), std::string(parts[4]), time_in(parts[3]),
          std::nullopt};
  const auto name = text::cut_last(parts.back(), '.');
  token = name && is_token(name->after) ? Token(name->after) : Token();
  return row;
}

// "ID CODE SIGNAL"
void read_exit(std::string_view value, Seen& seen) {
  const auto parts = text::split(value, ' ');
  const auto row = std::ranges::find(seen.rows, parts[0], &Row::id);
  if (row == seen.rows.end() || parts.size() != 3) {
    return;
  }
  const std::int64_t code = text::to_int(parts[1]).value_or(-1);
  const std::int64_t signal = text::to_int(parts[2]).value_or(-1);
  constexpr std::int64_t most = 255;
  if (code >= 0 && code <= most && signal >= 0 && signal <= most) {
    row->exit = Exit{static_cast<int>(code), static_cast<int>(signal)};
  }
}

void read_fact(std::string_view key, std::string_view value, Seen& seen) {
  if (key == "submitted") {
    seen.was_submitted = true;
    seen.submitted_at = time_in(value);
  } else if (key == "submitting") {
    seen.is_submitting = true;
  } else if (key == "work") {
    seen.directory = value;
  } else if (key == "fence") {
    seen.fence = value;
  } else if (key == "started") {
    seen.started = true;
    seen.started_at = time_in(value);
  } else if (key == "code") {
    read_exit(value, seen);
  } else if (key == "missed") {
    seen.missed_since = time_in(value);
  }
}

}  // namespace

std::string_view ask_script() { return kAsk; }

Result<Picture> read_picture(std::string_view output) {
  Picture picture;
  std::map<Token, shell::EndRecord> ends;
  bool whole = false;
  for (const std::string_view line : text::split(output, '\n')) {
    const auto cut = text::cut(line, ' ');
    const std::string_view first = cut ? cut->before : line;
    const std::string_view rest = cut ? cut->after : std::string_view();
    if (line == "whole") {
      whole = true;
    } else if (first == "failed") {
      return fail(Errc::unavailable, "Slurm does not answer: {}", text::trim(rest));
    } else if (first == "now") {
      picture.now = time_in(rest).value_or(UnixTime{});
    } else if (line.starts_with("row|")) {
      Token token;
      CP_TRY_ASSIGN(Row row, read_row(line, token));
      if (!token.empty()) {
        picture.seen[token].rows.push_back(std::move(row));
      }
    } else if (is_token(first)) {
      const auto fact = text::cut(rest, ' ');
      const std::string_view key = fact ? fact->before : rest;
      const std::string_view value = fact ? fact->after : std::string_view();
      if (key == "ended") {
        ends[Token(first)].read(value);
      } else {
        read_fact(key, value, picture.seen[Token(first)]);
      }
    }
  }
  if (!whole || picture.now == UnixTime{}) {
    return fail(Errc::protocol, "what was asked of Slurm ends early");
  }
  for (auto& [token, record] : ends) {
    picture.seen[token].ended = record.result();
  }
  return picture;
}

Observation observe(const Token& token, const Seen& seen, UnixTime now) {
  Observation out;
  out.token = token;
  const Row* const row = row_of(seen, seen.fence);
  if (seen.ended) {
    out = *seen.ended;
    out.token = token;
    out.native_id = seen.fence;
    out.native_state = row != nullptr ? row->state : "ended";
    // Why a signal came is Slurm's to say, and it does when it is through with the job.
    const bool is_ended_from_outside =
        out.exit && out.exit->signal != 0 && out.reason == JobReason::user_error && row != nullptr;
    if (is_ended_from_outside && !is_over(*row)) {
      out.state = JobState::active;
      out.reason = JobReason::none;
    } else if (is_ended_from_outside) {
      apply_end(*row, out);
    }
    return out;
  }
  if (seen.fence == "canceled") {
    out.state = JobState::canceled;
    out.reason = JobReason::canceled;
    out.native_state = "canceled";
    out.never_ran = true;
    return out;
  }
  if (!seen.fence.empty()) {
    return row != nullptr ? observe_row(seen, *row, now, std::move(out))
                          : missing(seen, now, std::move(out));
  }
  // Of several submissions one that may still come to run counts.
  const auto open = std::ranges::find_if_not(seen.rows, is_over);
  if (open != seen.rows.end() || !seen.rows.empty()) {
    return observe_row(seen, open != seen.rows.end() ? *open : seen.rows.back(), now,
                       std::move(out));
  }
  if (seen.was_submitted) {
    return missing(seen, now, std::move(out));
  }
  out.native_state = "absent";
  return out;
}

}  // namespace cp::provider::slurm
