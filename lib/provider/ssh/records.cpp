// SPDX-License-Identifier: Apache-2.0
#include "provider/ssh/records.hpp"

#include "base/text.hpp"
#include "provider/shell/end_record.hpp"
#include "provider/shell/wrapper.hpp"

namespace cp::provider::ssh {
namespace {

using namespace std::chrono_literals;
using model::JobReason;
using model::JobState;

// A submission that has left nothing for so long is not going to.
constexpr auto kGrace = 120s;

// Whether the shell runs is asked before whether it has left a record: one that ends meanwhile has.
constexpr std::string_view kAsk = R"sh(
echo "now $(date +%s)"
h=$(uname -n) b=$(boot)
show() {
  while IFS= read -r x; do printf '%s %s %s\n' "$t" "$1" "$x"; done <"$2"
}
while read -r t; do
  d=$r/$t f=$r/fences/$t
  [ ! -e "$d/submitted" ] || show submitted "$d/submitted"
  [ ! -e "$d/work" ] || echo "$t work $(cd "$d/work" 2>/dev/null && pwd -P)"
  [ -e "$f" ] || continue
  job='' host='' was='' start=''
  while read -r x y; do
    case $x in job) job=$y ;; host) host=$y ;; boot) was=$y ;; start) start=$y ;; esac
  done <"$f"
  echo "$t fence $job"
  if [ "$job" != canceled ] && ! [ -e "$d/ended" ]; then
    if [ "$host" != "$h" ]; then
      echo "$t elsewhere $host"
    elif [ "$was" != "$b" ]; then
      echo "$t rebooted"
    elif [ "$(begun "$job")" != "$start" ] || ! kill -0 "$job" 2>/dev/null; then
      if ! [ -e "$d/ended" ]; then
        end_left
        echo "$t killed"
      fi
    fi
  fi
  [ ! -e "$d/started" ] || show started "$d/started"
  [ ! -e "$d/ended" ] || show ended "$d/ended"
done
echo whole
)sh";

void read_fact(std::string_view key, std::string_view value, Seen& seen) {
  if (key == "submitted") {
    seen.submitted_at = shell::time_in(value);
  } else if (key == "work") {
    seen.directory = value;
  } else if (key == "fence") {
    seen.fence = value;
  } else if (key == "elsewhere") {
    seen.elsewhere = value;
  } else if (key == "rebooted") {
    seen.rebooted = true;
  } else if (key == "killed") {
    seen.killed = true;
  } else if (key == "started") {
    seen.started = true;
    if (value.starts_with("at ")) {
      seen.started_at = shell::time_in(value.substr(3));
    }
  }
}

Observation lost(const Seen& seen, Observation out) {
  out.state = JobState::failed;
  out.native_state = "gone";
  if (seen.rebooted) {
    out.reason = JobReason::node_lost;
    out.message = "the machine went down while it ran";
    return out;
  }
  // The page cache of this boot shows every step that was made.
  out.reason = JobReason::lost;
  out.never_ran = !seen.started;
  out.message = seen.started ? "its shell was killed, and left no record of how it ended"
                             : "its shell was killed before it ran anything";
  return out;
}

Observation without_fence(const Seen& seen, UnixTime now, Observation out) {
  out.native_state = "absent";
  if (seen.submitted_at && now - *seen.submitted_at > kGrace) {
    out.state = JobState::failed;
    out.reason = JobReason::lost;
    out.never_ran = true;
    out.message = "it was handed in, and never began";
  }
  return out;
}

}  // namespace

std::string ask_script() {
  return std::string(shell::self_functions()).append(shell::ending_functions()).append(kAsk);
}

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
    } else if (first == "now") {
      picture.now = shell::time_in(rest).value_or(UnixTime{});
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
    return fail(Errc::unavailable, "what was asked ends early");
  }
  for (auto& [token, record] : ends) {
    picture.seen[token].ended = record.result();
  }
  return picture;
}

Observation observe(const Token& token, const Seen& seen, UnixTime now) {
  Observation out;
  out.token = token;
  if (seen.fence.empty()) {
    return without_fence(seen, now, std::move(out));
  }
  if (seen.fence == "canceled") {
    out.state = JobState::canceled;
    out.reason = JobReason::canceled;
    out.native_state = "canceled";
    out.never_ran = true;
    return out;
  }
  if (seen.ended) {
    out = *seen.ended;
    out.token = token;
    out.native_id = seen.fence;
    out.native_state = "ended";
    return out;
  }
  out.native_id = seen.fence;
  out.started_at = seen.started_at;
  if (!seen.elsewhere.empty()) {
    out.native_state = "elsewhere";
    out.message = "it runs on " + seen.elsewhere + ", and another machine answers";
    return out;
  }
  if (seen.rebooted || seen.killed) {
    return lost(seen, std::move(out));
  }
  out.state = seen.started ? JobState::active : JobState::queued;
  out.native_state = seen.started ? "running" : "starting";
  return out;
}

}  // namespace cp::provider::ssh
